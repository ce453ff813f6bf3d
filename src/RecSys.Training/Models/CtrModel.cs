using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// The dense part of a click model: looked-up vectors in, one logit per sample out. A model is one file in this folder and
/// one line in <see cref="CtrModels"/>.
/// </summary>
public abstract class CtrModel : Module
{
    /// <summary>Creates the model.</summary>
    /// <param name="sets">Look-ups it needs.</param>
    protected CtrModel(params IReadOnlyList<SetRequest> sets)
        => Sets = sets;

    /// <summary>The embedding sets the model needs, in the order of <see cref="ModelInput.Sets"/>.</summary>
    public IReadOnlyList<SetRequest> Sets { get; }

    /// <summary>Computes the logits.</summary>
    /// <param name="input">Vectors and numeric features of a mini-batch.</param>
    public abstract ModelOutput Forward(ModelInput input);
}
