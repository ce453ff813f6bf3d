using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// DeepLight: trains full tables and sets the smallest numbers of all fields to zero every few steps, more and more of them; a number
/// that was pruned may come back as long as training goes on. In the end exactly as many numbers stay as the budget has room for.
/// </summary>
/// <remarks>
/// Deng et al., "DeepLight: Deep Lightweight Feature Interactions for Accelerating CTR Predictions in Ad Serving", WSDM 2021. After a
/// warm-up the share that is pruned at step t is S·(1 − 0.99^(t/100)) there, which comes within a thousandth of S after 68,730 steps; here
/// the same curve is run through in the steps that the phase has. Rows that training has hardly touched are small and go first, so the
/// method also drops rare ids.
/// </remarks>
internal sealed class DeepLightMethod : EmbeddingMethod, IVectorCompression
{
    private const double LastShare = 1e-3;

    /// <inheritdoc/>
    public override string Name => "deeplight";

    /// <inheritdoc/>
    public override string Description => "Full tables of which the smallest numbers over all fields are pruned while training; a bit per number and the numbers that stay.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·K + Σ(n·d/8 + n·d/128), exactly the budget";

    /// <inheritdoc/>
    public override string Source => "Deng et al., WSDM 2021";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["warm_up", "fine_tune_epochs"];

    /// <inheritdoc/>
    public override int StepInterval => 10;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options)
        => [new("prune", Epochs: null, RunsToEnd: true), new("fine_tune", options.GetInt32("fine_tune_epochs", 0, minimum: 0))];

    /// <inheritdoc/>
    public override bool AfterStep(PhaseContext context)
    {
        if (context.Request.State.Phase > 0)
            return false;
        double warmUp = context.Request.Options.GetFraction("warm_up", 0.2);
        double done = ((context.Step / (double)context.StepCount) - warmUp) / (1 - warmUp);
        if (done <= 0)
            return false;
        long all = context.Tables.Sum(t => t.Spec.RowCount * t.Spec.Width);
        long pruned = all - PrunedLayout.KeptCount(context.Request, Name);
        Magnitudes.Prune(context.Tables, all - (long)(pruned * (1 - Math.Pow(LastShare, done))));
        return false;
    }

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context) => Compress(context.Request, context.Tables);

    /// <inheritdoc/>
    public PhaseEnd Compress(MethodRequest request, IReadOnlyList<RowTable> vectors)
    {
        var masks = Magnitudes.Largest(vectors, PrunedLayout.KeptCount(request, Name));
        return new PhaseEnd(PrunedLayout.State(request, phase: 1, masks), masked => PrunedLayout.Copy(vectors, masked));
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        request.Options.GetFraction("warm_up", 0.2);
        long kept = PrunedLayout.KeptCount(request, Name);
        if (request.State.Phase > 0)
            return PrunedLayout.Build(request);
        var builder = new LayoutBuilder(request);
        foreach (EmbeddingField field in request.Fields)
            builder.AddFull(field);
        return builder.Build(PrunedLayout.ByteCount(request, kept), PrunedLayout.MaskByteCount(request));
    }
}
