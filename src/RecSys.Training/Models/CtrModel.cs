using RecSys.Embeddings.Methods;
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

    /// <summary>Whether the model learns the further tasks of the data set, and not only the label.</summary>
    public virtual bool LearnsTasks => false;

    /// <summary>Epochs of the search that decides what the model consists of; null where it has been decided, or there is nothing to search.</summary>
    public virtual int? SearchEpochs => null;

    /// <summary>Ends the search; the model is then made anew, with <see cref="ModelContext.Decided"/>, and trained from the start.</summary>
    /// <exception cref="InvalidOperationException">There is nothing to search.</exception>
    public virtual MethodState EndSearch() => throw new InvalidOperationException("The model has nothing to search.");

    /// <summary>What a search has decided, for people to read: choices by what they are about.</summary>
    /// <param name="decided">What <see cref="EndSearch"/> gave.</param>
    public virtual IReadOnlyDictionary<string, string> Decisions(MethodState decided) => new Dictionary<string, string>();

    /// <summary>Computes the logits.</summary>
    /// <param name="input">Vectors and numeric features of a mini-batch.</param>
    public abstract ModelOutput Forward(ModelInput input);
}
