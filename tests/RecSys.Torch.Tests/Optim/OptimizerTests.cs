using RecSys.Torch.Modules;
using RecSys.Torch.Optim;

namespace RecSys.Torch.Tests.Optim;

public sealed class OptimizerTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public static TheoryData<string> Names => [.. Makers.Keys];

    private static Dictionary<string, Func<Module, Optimizer>> Makers { get; } = new()
    {
        ["adam"] = m => torch.optim.Adam(m.named_parameters(), weight_decay: 0.01),
        ["adamw"] = m => torch.optim.AdamW(m.named_parameters()),
        ["adagrad"] = m => torch.optim.Adagrad(m.named_parameters(), lr_decay: 0.1),
        ["sgd"] = m => torch.optim.SGD(m.named_parameters(), 0.1, momentum: 0.9),
    };

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void StateDict_RoundTrip_ContinuesWithTheSameBits(string name)
    {
        using Sequential model = Mlp();
        using Optimizer optimizer = Makers[name](model);
        Train(model, optimizer, 5);
        optimizer.LearningRate *= 0.5;
        using Sequential copy = Mlp();
        using Optimizer resumed = Makers[name](copy);
        copy.load_state_dict(model.state_dict());
        resumed.load_state_dict(optimizer.state_dict());

        Train(model, optimizer, 5);
        Train(copy, resumed, 5);
        foreach ((Tensor expected, Tensor actual) in model.parameters().Zip(copy.parameters()))
            Assert.Equal(expected.detach().ToArray<float>(), actual.detach().ToArray<float>());
        Assert.Equal(optimizer.LearningRate, resumed.LearningRate);
    }

    [Fact]
    public void StateDict_Adam_NamesParametersAndSteps()
    {
        using Linear model = torch.nn.Linear(2, 1);
        using Adam optimizer = torch.optim.Adam(model.named_parameters(), 0.5);
        Train(model, optimizer, 3);
        OrderedDictionary<string, Tensor> state = optimizer.state_dict();
        Assert.Equal(
            ["step", "learning_rate", "weight.exp_avg", "weight.exp_avg_sq", "bias.exp_avg", "bias.exp_avg_sq"], state.Keys);
        TensorAssert.Equal([3, 3], state["step"]);
        TensorAssert.Equal([0.5], state["learning_rate"]);
        TensorAssert.Shape([1, 2], state["weight.exp_avg_sq"]);
    }

    [Fact]
    public void LoadStateDict_OtherOptimizer_Throws()
    {
        using Linear model = torch.nn.Linear(2, 1);
        using Adam adam = torch.optim.Adam(model.named_parameters());
        using SGD sgd = torch.optim.SGD(model.named_parameters(), 0.1);
        var error = Assert.Throws<ArgumentException>(() => adam.load_state_dict(sgd.state_dict()));
        Assert.Contains("missing 'weight.exp_avg'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_ParameterWithoutGradient_IsPassedOver()
    {
        Tensor used = torch.ones([1], torch.float64).requires_grad_();
        Tensor unused = torch.ones([1], torch.float64).requires_grad_();
        using Adam optimizer = new([used, unused], 0.1, weightDecay: 0.1);
        used.square().sum().backward();
        optimizer.step();
        TensorAssert.Equal([1], unused.detach());
        TensorAssert.Near([0.9], used.detach(), 1e-6);
        TensorAssert.Equal([1, 0], optimizer.state_dict()["step"]);

        // The second parameter takes its first step later: its own bias correction makes it 0.1 too.
        unused.square().sum().backward();
        optimizer.step();
        TensorAssert.Near([0.9], unused.detach(), 1e-6);
    }

    [Fact]
    public void Step_NoGradients_ChangesNothing()
    {
        using Linear model = torch.nn.Linear(2, 1);
        using Adam optimizer = torch.optim.Adam(model.named_parameters());
        float[] before = model.weight.detach().ToArray<float>();
        optimizer.step();
        Assert.Equal(before, model.weight.detach().ToArray<float>());
    }

    [Fact]
    public void LearningRate_Changed_ScalesTheStep()
    {
        Tensor x = torch.zeros([1], torch.float64).requires_grad_();
        using SGD optimizer = new([x], 0.1);
        optimizer.LearningRate = 2;
        x.sum().backward();
        optimizer.step();
        TensorAssert.Equal([-2], x.detach());
        Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.LearningRate = -1);
    }

    [Fact]
    public void Constructor_NoneOrDoubleParameters_Throws()
    {
        Tensor x = torch.zeros([1]).requires_grad_();
        Assert.Throws<ArgumentException>(() => new SGD(Array.Empty<Tensor>(), 0.1));
        Assert.Throws<ArgumentException>(() => new SGD([x, x], 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam([x], beta1: 1));
    }

    private static Sequential Mlp()
    {
        torch.manual_seed(1);
        return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1));
    }

    private static void Train(Module<Tensor, Tensor> model, Optimizer optimizer, int stepCount)
    {
        torch.manual_seed(2);
        for (int step = 0; step < stepCount; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            optimizer.zero_grad();
            torch.nn.functional.mse_loss(model.forward(torch.randn([8, 2])), torch.ones([8, 1])).backward();
            optimizer.step();
        }
    }
}
