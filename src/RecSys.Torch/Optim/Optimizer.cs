using System.Globalization;
using RecSys.Torch.Interop;
using RecSys.Torch.Modules;

namespace RecSys.Torch.Optim;

/// <summary>
/// Updates parameters from their gradients; parameters without a gradient are passed over. Update rules and defaults are
/// PyTorch's. States are made at once on the parameters' devices. Not thread-safe.
/// </summary>
public abstract class Optimizer : IDisposable
{
    private readonly string[] _names;
    private readonly Tensor[] _parameters;
    private readonly string[] _stateNames;
    private readonly Tensor[][] _states;
    private readonly Tensor _steps;
    private readonly Tensor _learningRate;

    /// <summary>Creates states of zeros.</summary>
    /// <param name="parameters">Named parameters; the names are those of the states in checkpoints.</param>
    /// <param name="learningRate">Learning rate, ≥ 0.</param>
    /// <param name="stateNames">Names of the states that a parameter has, each of its shape.</param>
    /// <exception cref="ArgumentException">No parameter, or one twice.</exception>
    private protected Optimizer(IEnumerable<(string name, Tensor parameter)> parameters, double learningRate, params string[] stateNames)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(learningRate);
        (string name, Tensor parameter)[] entries = [.. parameters];
        if (entries.Length == 0)
            throw new ArgumentException("There are no parameters to optimise.", nameof(parameters));
        if (entries.DistinctBy(entry => entry.parameter).Count() != entries.Length)
            throw new ArgumentException("A parameter occurs twice; it would be updated twice a step.", nameof(parameters));
        _names = [.. entries.Select(entry => entry.name)];
        _parameters = [.. entries.Select(entry => entry.parameter)];
        _stateNames = stateNames;
        _states = [.. stateNames.Select(_ => _parameters.Select(NewState).ToArray())];
        _steps = torch.zeros([_parameters.Length], torch.int64).DetachFromDisposeScope();
        _learningRate = torch.full([], learningRate, torch.float64).DetachFromDisposeScope();
    }

    /// <summary>Learning rate; may change between steps.</summary>
    public double LearningRate
    {
        get => _learningRate.Data<double>()[0];
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _learningRate.Data<double>()[0] = value;
        }
    }

    /// <summary>Updates all parameters that have a gradient.</summary>
    public void step()
    {
        using IDisposable noGrad = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor?[] gradients = Autograd.Gradients(_parameters);
        int[] chosen = [.. Enumerable.Range(0, gradients.Length).Where(i => gradients[i] is not null)];
        if (chosen.Length == 0)
            return;
        Span<long> steps = _steps.Data<long>();
        long[] counts = new long[chosen.Length];
        for (int i = 0; i < chosen.Length; i++)
            counts[i] = ++steps[chosen[i]];
        Tensor[][] states = [.. _states.Select(state => Choose(state, chosen))];
        Update(new OptimizerStep(Choose(_parameters, chosen), Choose(gradients!, chosen), states, counts, LearningRate));
    }

    /// <summary>Removes or zeroes the gradients of all parameters.</summary>
    /// <param name="set_to_none">Removes them: the next backward pass writes instead of adding.</param>
    public void zero_grad(bool set_to_none = true) => Autograd.ClearGradients(_parameters, set_to_none);

    /// <summary>
    /// States by name (<c>parameter.state</c>), number of steps of every parameter (<c>step</c>) and <c>learning_rate</c>.
    /// A run that loads them goes on with the same bits. The tensors stay the optimiser's: do not dispose of them.
    /// </summary>
    public OrderedDictionary<string, Tensor> state_dict()
    {
        OrderedDictionary<string, Tensor> result = new() { ["step"] = _steps, ["learning_rate"] = _learningRate };
        for (int i = 0; i < _parameters.Length; i++)
        {
            for (int s = 0; s < _stateNames.Length; s++)
                result.Add($"{_names[i]}.{_stateNames[s]}", _states[s][i]);
        }

        return result;
    }

    /// <summary>Copies values into all states.</summary>
    /// <param name="state">Values of exactly the names and shapes of <see cref="state_dict"/>.</param>
    /// <exception cref="ArgumentException">Names are missing or unknown, or shapes differ; nothing was copied.</exception>
    public void load_state_dict(IReadOnlyDictionary<string, Tensor> state)
        => StateCopy.Copy(GetType().Name, state, state_dict());

    /// <summary>Frees the states; the parameters are the model's.</summary>
    public void Dispose()
    {
        foreach (Tensor state in _states.SelectMany(states => states).Append(_steps).Append(_learningRate))
            state.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives parameters their place as name.</summary>
    private protected static IEnumerable<(string, Tensor)> Number(IEnumerable<Tensor> parameters)
        => parameters.Select((parameter, i) => (i.ToString(CultureInfo.InvariantCulture), parameter));

    /// <summary>Fills one state of all parameters; for rules that do not start at 0.</summary>
    private protected void FillState(int state, double value)
    {
        foreach (Tensor tensor in _states[state])
            tensor.fill_(value);
    }

    /// <summary>Applies the rule. Runs without recording, in a dispose scope.</summary>
    private protected abstract void Update(OptimizerStep step);

    private static Tensor NewState(Tensor parameter)
    {
        using Tensor values = parameter.detach();
        return torch.zeros_like(values).DetachFromDisposeScope();
    }

    private static Tensor[] Choose(Tensor[] tensors, int[] chosen)
        => chosen.Length == tensors.Length ? tensors : [.. chosen.Select(i => tensors[i])];
}
