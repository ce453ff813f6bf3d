using System.Numerics.Tensors;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// AutoSrh: gates say how much each column is worth to ids of each frequency group. They are learned on the validation split while the
/// rows are learned on the training split; then the rows are trained further with fixed gates, and the numbers that are smallest after
/// their gate are pruned.
/// </summary>
/// <remarks>
/// Kong et al., "AutoSrh: An Embedding Dimensionality Search Framework for Tabular Data Prediction", TKDE 2022: six groups, gates from 1
/// on, kept within [0, 1], with a gradient divided by its mean size per group, a learning rate of 0.001 and an L1 of 1e-5. There the gates
/// are shared by all fields; here each field has its own, since its ids have an order of their own. They are learned in the second half of
/// the search. In the end gates are multiplied into the rows, so nothing is kept of them, and what is left is trained for one epoch more.
/// </remarks>
internal sealed class AutoSrhMethod : EmbeddingMethod
{
    private const int GroupCount = 6;
    private const float LearningRate = 0.001f;
    private const float L1 = 1e-5f;

    /// <inheritdoc/>
    public override string Name => "autosrh";

    /// <inheritdoc/>
    public override string Description => "Full tables whose numbers are pruned by their size times a gate per frequency group and column; a bit per number and the numbers that stay.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·K + Σ(n·d/8 + n·d/128), exactly the budget";

    /// <inheritdoc/>
    public override string Source => "Kong et al., TKDE 2022";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["search_epochs", "fine_tune_epochs"];

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options)
        =>
        [
            new("search", options.GetInt32("search_epochs", 1), RunsToEnd: true) { LearnsFromValidation = true },
            new("retrain", Epochs: null),
            new("fine_tune", options.GetInt32("fine_tune_epochs", 1, minimum: 0)),
        ];

    /// <inheritdoc/>
    public override void LearnFromValidation(PhaseContext context, IReadOnlyList<RowBatch> gradients)
    {
        if (2 * context.Step < context.StepCount)
            return;
        for (int t = 0; t < gradients.Count; t++)
        {
            RowTable gates = context.Tables[t];
            RowBatch batch = gradients[t];
            if (gates.Spec.IsTrained)
                continue;
            for (int i = 0; i < batch.Count; i++)
                Learn(gates.Row(batch.Rows[i]), batch.Gradients.Slice(i * batch.Width, batch.Width));
        }
    }

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context)
    {
        if (context.Request.State.Phase == 0)
            return new PhaseEnd(new MethodState(1), tables => CarriedRows.CopyByName(context.Tables, tables));

        List<RowTable> rows = [];
        foreach (EmbeddingField field in context.Request.Fields)
        {
            IReadOnlyList<RowSource> sources = context.Layout.Of(field).Sources;
            rows.Add(context.Tables[sources[0].Table]);
            MultiplyGates(rows[^1], context.Tables[sources[1].Table], sources[1].Addressing!);
        }

        var masks = Magnitudes.Largest(rows, PrunedLayout.KeptCount(context.Request, Name));
        return new PhaseEnd(PrunedLayout.State(context.Request, phase: 2, masks), masked => PrunedLayout.Copy(rows, masked));
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        long kept = PrunedLayout.KeptCount(request, Name);
        if (request.State.Phase == 2)
            return PrunedLayout.Build(request);
        var builder = new LayoutBuilder(request);
        foreach (EmbeddingField field in request.Fields)
        {
            int rows = builder.AddTable(field.Name, field.VocabularySize, request.Dimension, request.Initializer(field));
            int gates = builder.AddUntrained($"{field.Name}/gates", GroupCount, request.Dimension, new Initializer(InitialDistribution.Constant, 1));
            builder.AddField(
                field,
                new MultiplyCombination(request.Dimension),
                new RowSource(rows, IdentityAddressing.Instance),
                new RowSource(gates, new FrequencyGroupAddressing(field.VocabularySize, GroupCount)));
        }

        return builder.Build(PrunedLayout.ByteCount(request, kept), PrunedLayout.MaskByteCount(request));
    }

    private static void Learn(Span<float> gates, ReadOnlySpan<float> gradient)
    {
        float mean = TensorPrimitives.SumOfMagnitudes(gradient) / gradient.Length;
        if (mean == 0)
            return;
        for (int j = 0; j < gates.Length; j++)
            gates[j] = Math.Clamp(gates[j] - (LearningRate * ((gradient[j] / mean) + (L1 * Math.Sign(gates[j])))), 0, 1);
    }

    private static void MultiplyGates(RowTable rows, RowTable gates, Addressing groupOf)
    {
        Span<long> group = stackalloc long[1];
        for (long id = 0; id < rows.Spec.RowCount; id++)
        {
            groupOf.Address([id], group);
            TensorPrimitives.Multiply(rows.Row(id), gates.Row(group[0]), rows.Row(id));
        }
    }
}
