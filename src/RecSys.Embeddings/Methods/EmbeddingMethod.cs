using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// A way to store the vectors of many ids in few bytes. A method only decides tables, addressing (id → rows) and combination
/// (rows → vector); where rows live and how they are trained is not its concern. One file each in this folder, one line in
/// <see cref="EmbeddingMethods"/>. Methods are immutable and thread-safe.
/// </summary>
public abstract class EmbeddingMethod
{
    /// <summary>Name in configuration files, lower snake case.</summary>
    public abstract string Name { get; }

    /// <summary>What is stored, in one sentence.</summary>
    public abstract string Description { get; }

    /// <summary>
    /// Serving bytes as a formula: n ids of a field, F fields, d the dimension, m and M rows of one and of all fields; sums run
    /// over fields.
    /// </summary>
    public abstract string ByteFormula { get; }

    /// <summary>Where it comes from: authors, venue and year.</summary>
    public abstract string Source { get; }

    /// <summary>Names of the options the method understands besides <c>name</c> and <c>budget</c>.</summary>
    public abstract IReadOnlyList<string> OptionNames { get; }

    /// <summary>The phases of a run, in order; the last one is served.</summary>
    /// <param name="options">Options of the method.</param>
    /// <exception cref="ArgumentException">An option has an invalid value.</exception>
    public virtual IReadOnlyList<MethodPhase> Phases(MethodOptions options) => [MethodPhase.Train];

    /// <summary>Lays out tables for the fields. Those of the last phase stay within the budget; earlier phases may need more.</summary>
    /// <param name="request">Fields, dimension, budget, options, seed of the hashes, state.</param>
    /// <returns>Tables, and one entry per field in the order of the request.</returns>
    /// <exception cref="BudgetException">The budget is below the smallest size the method can reach; the message states it.</exception>
    /// <exception cref="ArgumentException">An option is unknown or has an invalid value, or the fields are not valid.</exception>
    public MethodLayout Build(MethodRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Dimension, 1, nameof(request.Dimension));
        CheckOptions(request.Options);
        CheckFields(request.Fields);
        return Lay(request);
    }

    /// <summary>Fewest serving bytes that the method can reach.</summary>
    /// <param name="request">Fields, dimension and options; the budget does not matter.</param>
    /// <exception cref="ArgumentException">As for <see cref="Build"/>.</exception>
    public long SmallestByteCount(MethodRequest request)
    {
        try
        {
            return Build(request with { Budget = Budget.OfBytes(1) }).ServeByteCount;
        }
        catch (BudgetException e)
        {
            return e.SmallestByteCount;
        }
    }

    /// <summary>Lays out tables for a request whose fields and option names have been checked.</summary>
    /// <param name="request">The request.</param>
    protected abstract MethodLayout Lay(MethodRequest request);

    /// <summary>
    /// Called before every epoch of a phase; may lay out the tables anew, by a state of the same phase. Tables that keep name and shape
    /// keep their rows and the optimiser's state of these, unless they are filled; others begin with their first values.
    /// </summary>
    /// <param name="context">The tables, as the epoch before has left them.</param>
    /// <returns>The new state, or null to go on with the one there is.</returns>
    public virtual PhaseEnd? BeforeEpoch(PhaseContext context) => null;

    /// <summary>Every how many steps <see cref="BeforeStep"/> and <see cref="AfterStep"/> are called; 0 for methods that leave training alone.</summary>
    public virtual int StepInterval => 0;

    /// <summary>Called before a step; may change rows. What must not be seen when the model is evaluated is undone by <see cref="AfterStep"/>.</summary>
    /// <param name="context">The tables.</param>
    public virtual void BeforeStep(PhaseContext context)
    {
    }

    /// <summary>Called between steps; may change rows.</summary>
    /// <param name="context">The tables.</param>
    /// <returns>True to end the phase before all its epochs are done.</returns>
    public virtual bool AfterStep(PhaseContext context) => false;

    /// <summary>Called after every step of a phase that learns from validation; may change rows of tables that are not trained.</summary>
    /// <param name="context">The tables.</param>
    /// <param name="gradients">Distinct rows of a mini-batch of the validation split with their gradients, one entry per table of the context.</param>
    public virtual void LearnFromValidation(PhaseContext context, IReadOnlyList<RowBatch> gradients)
    {
    }

    /// <summary>Ends a phase that is not the last.</summary>
    /// <param name="context">The tables, with the best rows of the phase.</param>
    /// <exception cref="InvalidOperationException">The phase is the last.</exception>
    public virtual PhaseEnd EndPhase(PhaseContext context) => throw new InvalidOperationException($"Method '{Name}' has no phase after this one.");

    private static void CheckFields(IReadOnlyList<EmbeddingField> fields)
    {
        if (fields.Count == 0)
            throw new ArgumentException("A method needs at least one field.", nameof(fields));

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (EmbeddingField field in fields)
        {
            if (field.VocabularySize < 1)
                throw new ArgumentException($"Field '{field.Name}' has a vocabulary of {field.VocabularySize} ids; it needs at least 1.", nameof(fields));
            if (!names.Add(field.Name))
                throw new ArgumentException($"Field '{field.Name}' is named twice.", nameof(fields));
        }
    }

    private void CheckOptions(MethodOptions options)
    {
        foreach (string name in options.Names)
        {
            if (OptionNames.Contains(name, StringComparer.Ordinal))
                continue;
            string valid = OptionNames.Count == 0
                ? "it has no options besides budget"
                : $"{NearestName.Hint(name, OptionNames)}valid: {string.Join(", ", OptionNames)}";
            throw new ArgumentException($"Method '{Name}' does not know the option '{name}'; {valid}.", nameof(options));
        }
    }
}
