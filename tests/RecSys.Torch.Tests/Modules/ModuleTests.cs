using RecSys.Torch.Modules;

namespace RecSys.Torch.Tests.Modules;

public sealed class ModuleTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Model _model = new();

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Names_Nested_AreDottedInOrder()
    {
        Assert.Equal(["scale", "tower.0.weight", "tower.0.bias", "tower.1.weight", "tower.1.bias"], _model.named_parameters().Select(p => p.name));
        Assert.Equal(
            ["tower.1.running_mean", "tower.1.running_var", "tower.1.num_batches_tracked"], _model.named_buffers().Select(b => b.name));
        Assert.Equal(["tower"], _model.named_children().Select(child => child.name));
        Assert.Equal(
            ["scale", "tower.0.weight", "tower.0.bias", "tower.1.weight", "tower.1.bias", "tower.1.running_mean", "tower.1.running_var", "tower.1.num_batches_tracked"],
            _model.state_dict().Keys);
    }

    [Fact]
    public void Eval_Module_ReachesChildren()
    {
        _model.eval();
        Assert.All(_model.named_children(), child => Assert.False(child.module.training));
        _model.train();
        Assert.All(_model.named_children(), child => Assert.True(child.module.training));
    }

    [Fact]
    public void Register_BadName_Throws()
    {
        Assert.Contains("dot", Assert.Throws<ArgumentException>(() => _model.Add("a.b")).Message, StringComparison.Ordinal);
        Assert.Contains("'scale'", Assert.Throws<ArgumentException>(() => _model.Add("scale")).Message, StringComparison.Ordinal);
        Assert.Contains("'tower'", Assert.Throws<ArgumentException>(() => _model.Add("tower")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_MadeInScope_SurviveIt()
    {
        Model model;
        using (torch.NewDisposeScope())
            model = new Model();
        Assert.All(model.state_dict().Values, tensor => Assert.False(tensor.IsDisposed));
        model.Dispose();
        Assert.True(model.Scale.IsDisposed);
    }

    [Fact]
    public void ZeroGrad_Modes_RemoveOrZero()
    {
        _model.forward(torch.randn([4, 3])).sum().backward();
        _model.zero_grad(set_to_none: false);
        Assert.All(_model.parameters(), parameter => Assert.Equal(0, parameter.grad!.abs().sum().item<float>()));
        _model.zero_grad();
        Assert.All(_model.parameters(), parameter => Assert.Null(parameter.grad));
    }

    [Fact]
    public void To_Float64_ConvertsInPlace()
    {
        Tensor scale = _model.Scale;
        _model.to(torch.float64);
        Assert.Same(scale, _model.Scale);
        Assert.All(_model.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
        Assert.All(_model.parameters(), parameter => Assert.True(parameter.requires_grad && parameter.is_leaf));
        Assert.Equal(ScalarType.Int64, _model.state_dict()["tower.1.num_batches_tracked"].dtype);
        Assert.Equal(ScalarType.Float64, _model.forward(torch.randn([4, 3], torch.float64)).dtype);
    }

    [Fact]
    public void LoadStateDict_OtherModel_GivesSameResults()
    {
        using Model other = new();
        Tensor x = torch.randn([4, 3]);
        _model.forward(x);
        other.load_state_dict(_model.state_dict());
        _model.eval();
        other.eval();
        Assert.Equal(_model.forward(x).detach().ToArray<float>(), other.forward(x).detach().ToArray<float>());
    }

    [Fact]
    public void LoadStateDict_Mismatch_ListsEverythingAndChangesNothing()
    {
        OrderedDictionary<string, Tensor> state = [];
        foreach ((string name, Tensor tensor) in _model.state_dict())
            state.Add(name, tensor.detach() + 1);
        state.Remove("scale");
        state["tower.0.bias"] = torch.zeros([7]);
        state["extra"] = torch.zeros([1]);
        float[] before = _model.Tower.state_dict()["0.weight"].detach().ToArray<float>();
        var error = Assert.Throws<ArgumentException>(() => _model.load_state_dict(state));
        Assert.Equal(
            "The state does not fit Model: missing 'scale'; unknown 'extra'; 'tower.0.bias' has shape [7], not [2].", error.Message);
        Assert.Equal(before, _model.Tower.state_dict()["0.weight"].detach().ToArray<float>());
    }

    private sealed class Model : Module<Tensor, Tensor>
    {
        public Model()
        {
            Tower = register_module("tower", torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)));
            Scale = register_parameter("scale", torch.ones([1]));
        }

        public Sequential Tower { get; }

        public Tensor Scale { get; }

        public override Tensor forward(Tensor input) => Tower.forward(input) * Scale;

        public void Add(string name) => register_buffer(name, torch.zeros([1]));
    }
}
