using RecSys.Data;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;
using RecSys.Training.Rows;

namespace RecSys.Training;

/// <summary>The parts of a run that live as long as its tables keep their shape: network, rows and optimisers.</summary>
internal sealed class TrainingPhase : IDisposable
{
    private readonly RunConfig _config;
    private readonly DataSchema _schema;
    private readonly StepClock _clock;
    private readonly RunRows _source;
    private readonly WorkerGroup _workers;
    private readonly IdCounts? _counts;
    private readonly EmbeddingGroup[] _active;

    /// <summary>Creates everything with its first values.</summary>
    /// <param name="config">The run's configuration.</param>
    /// <param name="schema">Features of the data set.</param>
    /// <param name="clock">Times the steps.</param>
    /// <param name="source">Where its rows come from.</param>
    /// <param name="workers">Who trains it.</param>
    /// <param name="counts">Samples of the ids, where the configuration asks for <c>batch_aware_l2</c>.</param>
    /// <param name="states">What has been decided so far; see <see cref="CtrNetwork.States"/>.</param>
    public TrainingPhase(RunConfig config, DataSchema schema, StepClock clock, RunRows source, WorkerGroup workers, IdCounts? counts = null, IReadOnlyDictionary<string, MethodState>? states = null)
    {
        _counts = counts;
        _source = source;
        _workers = workers;
        _config = config;
        _schema = schema;
        _clock = clock;
        Network = CtrNetwork.Create(config, schema, states, config.Train.FindDevice());
        // The parameters begin alike on all workers; what is drawn for their samples, as for dropout, has to differ.
        if (workers.Rank > 0)
            torch.manual_seed(config.Train.Seed + ((long)workers.Rank << 32));
        RequirePlainMethods(config, workers);
        RequireFixedRows(config);
        Rows = source.Create(Network.Embeddings.Tables, Network.Device);
        Step = new TrainingStep(config, Network, Rows.Store, clock, workers, counts);
        // A method with fewer phases than another of the model stays in its last one.
        int number = Groups.Max(g => g.Request.State.Phase);
        _active = [.. Groups.Where(g => g.Request.State.Phase == number)];
        Epochs = Network.Model.SearchEpochs ?? _active.Max(g => g.Phase.Epochs ?? config.Train.Epochs);
        Bytes = EmbeddingBytes.Of(Network.CountBytes(Rows.Optimizer, config.Train.BatchSize), EmbeddingLayout.FullByteCount(schema, Network.Model.Sets));
    }

    /// <summary>Model and look-ups.</summary>
    public CtrNetwork Network { get; }

    /// <summary>Rows and their optimiser.</summary>
    public PhaseRows Rows { get; }

    /// <summary>The dense optimiser and a step of training.</summary>
    public TrainingStep Step { get; }

    /// <summary>Memory of the embeddings.</summary>
    public EmbeddingBytes Bytes { get; }

    /// <summary>Passes over the training split at most.</summary>
    public int Epochs { get; }

    /// <summary>Name for displays; null when the run has one phase.</summary>
    public string? Name => IsSearch ? "search" : _active[0].Request.State.Phase == 0 && IsLast ? null : _active[0].Phase.Name;

    /// <summary>True when no phase follows.</summary>
    public bool IsLast => !IsSearch && Groups.All(g => g.IsInLastPhase);

    /// <summary>True when the phase is not stopped early and ends with its last rows.</summary>
    public bool RunsToEnd => _active.Any(g => g.Phase.RunsToEnd);

    /// <summary>False when a mini-batch can only be planned once the step before it has ended.</summary>
    public bool PlansAhead => !_active.Any(g => g.Phase.ChangesAddressing);

    // The model searches with its methods in their first phase; they begin anew with what it finds.
    private bool IsSearch => Network.Model.SearchEpochs is not null;

    private IReadOnlyList<EmbeddingGroup> Groups => Network.Layout.Groups;

    /// <summary>Lets the methods change their rows before a step.</summary>
    /// <param name="step">Number of the step in the phase, from 1.</param>
    /// <param name="stepCount">Steps of the phase.</param>
    public void BeforeStep(long step, long stepCount)
    {
        Visit(_active.Where(g => IsDue(g, step)), step, stepCount, (group, context) => group.Spec.Method.BeforeStep(context));
    }

    /// <summary>True when methods and model have decided the same as in other states.</summary>
    /// <param name="states">The other states; see <see cref="CtrNetwork.States"/>.</param>
    public bool HasStates(IReadOnlyDictionary<string, MethodState> states)
        => Network.States is var own && own.Count == states.Count && own.All(s => states.TryGetValue(s.Key, out var state) && s.Value.HasSameNumbers(state));

    /// <summary>Lets the methods lay out their tables anew before an epoch. The dense part, its optimiser and all other rows go on as they are.</summary>
    /// <param name="epoch">Epochs of the phase that are done.</param>
    /// <param name="step">Steps of the phase that are done.</param>
    /// <param name="stepCount">Steps of the phase.</param>
    /// <returns>The phase with the new tables, or null when no method has changed any.</returns>
    public TrainingPhase? BeforeEpoch(int epoch, long step, long stepCount)
    {
        Dictionary<string, PhaseEnd> changes = [];
        Visit(_active.Where(g => g.Phase.RebuildsTables), step, stepCount, (group, context) =>
        {
            if (group.Spec.Method.BeforeEpoch(context with { Epoch = epoch, EpochCount = Epochs }) is { } change)
                changes.Add(group.Name, change);
        });
        if (changes.Count == 0)
            return null;
        using var scope = torch.NewDisposeScope();
        var random = RandomStates.Get(Network.Device).ToDictionary();
        var next = After(changes);
        next.Network.Model.load_state_dict(Network.Model.state_dict());
        next.Step.Optimizer.load_state_dict(Step.Optimizer.state_dict());
        RandomStates.Restore(random, Network.Device);
        var rows = next.Rows.Pull();
        var before = Rows.Pull();
        rows.Optimizer.StepCount = before.Optimizer.StepCount;
        foreach (var group in next.Groups)
            KeepRows(Groups.Single(g => g.Name == group.Name).TablesOf(before), group.TablesOf(rows), changes.GetValueOrDefault(group.Name));
        next.Rows.Push();
        return next;
    }

    /// <summary>True when every step is followed by a batch of the validation split.</summary>
    public bool LearnsFromValidation => _active.Any(g => g.Phase.LearnsFromValidation);

    /// <summary>Lets the methods learn from a batch of the validation split.</summary>
    /// <param name="batch">The planned batch.</param>
    /// <param name="step">Steps of the phase that are done.</param>
    /// <param name="stepCount">Steps of the phase.</param>
    public void LearnFromValidation(Batch batch, long step, long stepCount)
    {
        Step.ComputeGradients(batch);
        Visit(_active.Where(g => g.Phase.LearnsFromValidation), step, stepCount, (group, context) => group.Spec.Method.LearnFromValidation(
            context, CtrNetwork.RowsOf(batch).Slice(group.FirstTable, group.Layout.Tables.Count).ToArray()));
    }

    /// <summary>Lets the methods change their rows after a step.</summary>
    /// <param name="batch">What was trained on.</param>
    /// <param name="step">Steps of the phase that are done.</param>
    /// <param name="stepCount">Steps of the phase.</param>
    /// <returns>True when all methods that are at work want the phase to end.</returns>
    public bool AfterStep(Batch batch, long step, long stepCount)
    {
        int done = 0;
        Visit(_active.Where(g => IsDue(g, step)), step, stepCount, (group, context) => done += group.Spec.Method.AfterStep(context with { Notes = Network.Notes(batch, group) }) ? 1 : 0);
        return done == _active.Length;
    }

    /// <summary>Ends the phase and creates the next one.</summary>
    /// <param name="step">Steps of the phase that are done.</param>
    /// <param name="score">What the model scores on validation with the rows as they stand; larger is better.</param>
    public TrainingPhase Next(long step, Func<double> score)
    {
        if (IsSearch)
            return new TrainingPhase(_config, _schema, _clock, _source, _workers, _counts, Network.EndSearch());
        Dictionary<string, PhaseEnd> ends = [];
        Visit(_active.Where(g => !g.IsInLastPhase), step, step, (group, context) => ends.Add(group.Name, group.Spec.Method.EndPhase(context with { Score = score })));
        var next = After(ends);
        bool restarts = ends.Values.Any(e => e.RestartsModel);
        if (!restarts)
        {
            using var scope = torch.NewDisposeScope();
            next.Network.Model.load_state_dict(Network.Model.state_dict());
        }

        var before = Rows.Pull();
        var rows = next.Rows.Pull();
        foreach (var group in next.Groups)
        {
            if (ends.TryGetValue(group.Name, out var end))
                end.Fill?.Invoke(group.TablesOf(rows));
            else if (!restarts)
                CopyRows(Groups.Single(g => g.Name == group.Name).TablesOf(before), group.TablesOf(rows));
        }

        next.Rows.Push();
        return next;
    }

    // What methods decide between steps and phases would have to be the same on all workers.
    private void RequirePlainMethods(RunConfig config, WorkerGroup workers)
    {
        if (workers.Count == 1)
            return;
        if (_counts is not null)
            throw config.Root.Error("sparse_optimizer.batch_aware_l2", "is for one worker, since each would add it for the rows of its own samples; valid for several: l2");
        if (IsSearch)
            throw config.Model.Options.Error("name", $"model '{config.Model.Name}' searches before it is trained, which is for one worker");
        foreach (var group in Groups)
        {
            if (!group.IsInLastPhase || group.Phase.RebuildsTables || group.Phase.LearnsFromValidation || group.Spec.Method.StepInterval > 0)
                throw config.Embedding.Method.Source.Error("name", $"method '{group.Spec.Method.Name}' changes its tables between steps or has several phases, which is for one worker; valid for several: methods of one phase, 'train'");
        }
    }

    // The samples of a row are counted once.
    private void RequireFixedRows(RunConfig config)
    {
        if (_counts is not null && Groups.FirstOrDefault(g => g.Phase.ChangesAddressing) is { } group)
            throw config.Root.Error("sparse_optimizer.batch_aware_l2", $"method '{group.Spec.Method.Name}' changes the rows of ids from step to step, so that rows have no number of samples; valid with it: l2");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Step.Dispose();
        Rows.Dispose();
        Network.Dispose();
    }

    // A phase with what methods have decided at the end of this one, or within it.
    private TrainingPhase After(Dictionary<string, PhaseEnd> decided)
    {
        var states = Groups.ToDictionary(g => g.Name, g => decided.GetValueOrDefault(g.Name)?.State ?? g.Request.State);
        TrainingPhase next = new(_config, _schema, _clock, _source, _workers, _counts, Network.WithDecided(states));
        Network.Layout.HandOver(next.Network.Layout);
        return next;
    }

    // A method is due at every so many steps; its tables are brought here and, as it has left them, back.
    private static bool IsDue(EmbeddingGroup group, long step) => group.Spec.Method.StepInterval is > 0 and var interval && step % interval == 0;

    private void Visit(IEnumerable<EmbeddingGroup> groups, long step, long stepCount, Action<EmbeddingGroup, PhaseContext> visit)
    {
        EmbeddingGroup[] visited = [.. groups];
        if (visited.Length == 0)
            return;
        var rows = Rows.Pull();
        foreach (var group in visited)
            visit(group, group.At(rows, step, stepCount));
        Rows.Push();
    }

    private static void KeepRows(IReadOnlyList<RowTable> before, IReadOnlyList<RowTable> after, PhaseEnd? change)
    {
        foreach (var table in after)
        {
            var kept = before.FirstOrDefault(t => change is null ? t.Spec.Name == table.Spec.Name : t.Spec == table.Spec);
            if (kept is null)
                continue;
            table.CopyFrom(kept);
            CopyStates(kept.States, table.States);
        }

        change?.Fill?.Invoke(after);
    }

    private static void CopyRows(IReadOnlyList<RowTable> from, IReadOnlyList<RowTable> to)
    {
        for (int t = 0; t < from.Count; t++)
            to[t].CopyFrom(from[t]);
    }

    private static void CopyStates(NativeBuffer<float> from, NativeBuffer<float> to)
    {
        const int Piece = 1 << 24;
        for (long start = 0; start < from.Length; start += Piece)
        {
            int length = (int)Math.Min(Piece, from.Length - start);
            from.Span(start, length).CopyTo(to.Span(start, length));
        }
    }
}
