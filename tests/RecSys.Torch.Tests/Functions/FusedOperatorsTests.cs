namespace RecSys.Torch.Tests;

/// <summary>The project's fused operators in fp32 on the CPU against the same mathematics composed of libtorch's operators in double precision.</summary>
public sealed class FusedOperatorsTests : IDisposable
{
    private const double Tolerance = 2e-5;

    // Four samples of 3, 0, 1 and 40 items.
    private static readonly long[] s_samples = [0, 0, 0, 2, .. Enumerable.Repeat(3L, 40)];

    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 7)]
    [InlineData(300, 33, 17)]
    [InlineData(1025, 8, 64)]
    public void LinearRelu_AnyShape_EqualsComposition(int rows, int inputs, int outputs)
        => Compare(
            x => torch.nn.functional.linear_relu(x[0], x[1], x[2]),
            x => torch.nn.functional.linear(x[0], x[1], x[2]).relu(),
            [rows, inputs], [outputs, inputs], [outputs]);

    [Fact]
    public void LinearRelu_InputWithoutGradient_GivesThoseOfTheParameters()
    {
        Tensor x = GradientCheck.Input(1, 4, 3).to(torch.float32), w = GradientCheck.Input(2, 2, 3).to(torch.float32), b = torch.zeros([2]);
        w.requires_grad_();
        b.requires_grad_();
        torch.nn.functional.linear_relu(x, w, b).sum().backward();
        Assert.Null(x.grad);
        Assert.Equal([2L, 3], w.grad!.shape);
        Assert.Equal([2L], b.grad!.shape);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(5, 3, 7)]
    [InlineData(700, 39, 16)]
    public void PairwiseInteraction_AnyShape_EqualsSumOverPairs(int batch, int fields, int width)
        => Compare(x => torch.nn.functional.pairwise_interaction(x[0]).interaction, Pairs, [batch, fields, width]);

    [Fact]
    public void PairwiseInteraction_VectorsUsedOn_GradientsAreSummed()
        => Compare(
            x =>
            {
                (Tensor interaction, Tensor vectors) = torch.nn.functional.pairwise_interaction(x[0]);
                return interaction * vectors.flatten(1).sum(1);
            },
            x => Pairs(x) * x[0].flatten(1).sum(1),
            [260, 6, 9]);

    [Fact]
    public void PairwiseInteraction_OnlyVectorsUsed_PassesTheirGradient()
        => Compare(x => torch.nn.functional.pairwise_interaction(x[0]).vectors * 3, x => x[0] * 3, [2, 3, 4]);

    [Fact]
    public void PairwiseInteraction_DoublePrecision_GradientEqualsDifferences()
        => GradientCheck.Compare(
            x =>
            {
                (Tensor interaction, Tensor vectors) = torch.nn.functional.pairwise_interaction(x[0]);
                return interaction + vectors.flatten(1).sum(1);
            },
            GradientCheck.Input(3, 3, 4, 2));

    [Fact]
    public void PairwiseInteraction_WrongShape_Throws()
        => Assert.Contains("[batch, field, dimension]", Assert.Throws<TorchException>(() => torch.nn.functional.pairwise_interaction(torch.zeros([2, 3]))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(5, 3, 1)]
    [InlineData(700, 41, 3)]
    public void CrossLayers_AnyShape_EqualsComposition(int rows, int width, int layers)
        => Compare(
            x => torch.nn.functional.cross_layers(x[0], x[1], x[2..(2 + layers)], x[(2 + layers)..]),
            x => Enumerable.Range(2, layers).Aggregate(
                x[0] + (x[0] * x[1]), (y, l) => y + (x[0] * torch.nn.functional.linear(y, x[l], x[l + layers]))),
            [[rows, width], [rows, width], .. Enumerable.Repeat(new long[] { width, width }, layers), .. Enumerable.Repeat(new long[] { width }, layers)]);

    [Theory]
    [InlineData(1, new[] { 1L })]
    [InlineData(5, new[] { 4L, 4, 1 })]
    [InlineData(16, new[] { 600L, 300, 300, 1 })]
    public void GatedRecurrence_AnyShape_EqualsDefinition(int width, long[] counts)
    {
        long items = counts.Sum();
        Compare(
            x => torch.nn.functional.gated_recurrence(x[0], x[1], x[2], counts, x[3]),
            x => Recurrence(x[0], x[1], x[2], counts, x[3]),
            [items, 3 * width], [3 * width, width], [3 * width], [items]);
        Compare(
            x => torch.nn.functional.gated_recurrence(x[0], x[1], x[2], counts),
            x => Recurrence(x[0], x[1], x[2], counts, torch.ones([items], torch.float64)),
            [items, 3 * width], [3 * width, width], [3 * width]);
    }

    [Fact]
    public void GatedRecurrence_DoublePrecision_IsComposed()
    {
        long[] counts = [5, 3, 3];
        Tensor[] x = [GradientCheck.Input(1, 11, 6), GradientCheck.Input(2, 6, 2), GradientCheck.Input(3, 6), GradientCheck.Input(4, 11)];
        Near(Recurrence(x[0], x[1], x[2], counts, x[3]), torch.nn.functional.gated_recurrence(x[0], x[1], x[2], counts, x[3]));
    }

    [Fact]
    public void GatedRecurrence_LargeInput_StaysFinite()
    {
        Tensor x = torch.full([4, 6], 1e4).requires_grad_(), w = torch.full([6, 2], -1e4).requires_grad_();
        Tensor states = torch.nn.functional.gated_recurrence(x, w, torch.zeros([6]), [2, 2]);
        states.sum().backward();
        Assert.All((Tensor[])[states, x.grad!, w.grad!], tensor => Assert.True(tensor.detach().isfinite().all().item<bool>()));
    }

    [Theory]
    [InlineData(new[] { 2L, 3 }, "never grow")]
    [InlineData(new[] { 5L, 0 }, "must be positive")]
    [InlineData(new[] { 3L, 1 }, "counts have 4 items, but there are 5")]
    public void GatedRecurrence_WrongCounts_AreNamed(long[] counts, string text)
        => Assert.Contains(
            text,
            Assert.Throws<TorchException>(() => torch.nn.functional.gated_recurrence(torch.zeros([5, 6]), torch.zeros([6, 2]), torch.zeros([6]), counts)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(2, 1)]
    [InlineData(63, 5)]
    [InlineData(1000, 37)]
    public void Dice_Training_EqualsComposition(int rows, int width)
    {
        Tensor mean = torch.zeros([width]), variance = torch.ones([width]);
        Tensor wideMean = torch.zeros([width], torch.float64), wideVariance = torch.ones([width], torch.float64);
        Compare(
            x => torch.nn.functional.dice(x[0], x[1], mean, variance, training: true),
            x => Dice(x[0], x[1], wideMean, wideVariance, training: true),
            [rows, width], [width]);
        Near(wideMean, mean);
        Near(wideVariance, variance);
    }

    [Fact]
    public void Dice_LargeMeanAndSmallSpread_KeepsItsPrecision()
    {
        Tensor x = torch.tensor([1000.25f, 1000.5f, 1000.75f, 1001f], [4, 1]);
        Tensor y = torch.nn.functional.dice(x, torch.zeros([1]), torch.zeros([1]), torch.ones([1]), training: true);
        Tensor expected = Dice(x.to(torch.float64), torch.zeros([1], torch.float64), torch.zeros([1], torch.float64), torch.ones([1], torch.float64), training: true);
        TensorAssert.Near(expected.ToArray<double>(), y.to(torch.float64), 1e-3);
    }

    [Fact]
    public void Dice_Evaluation_UsesAndKeepsTheAverages()
    {
        Tensor mean = torch.tensor([0.25f, -1]), variance = torch.tensor([4f, 0.5f]);
        Compare(
            x => torch.nn.functional.dice(x[0], x[1], mean, variance, training: false),
            x => Dice(x[0], x[1], torch.tensor([0.25, -1]), torch.tensor([4, 0.5]), training: false),
            [9, 2], [2]);
        TensorAssert.Equal([0.25, -1], mean);
        TensorAssert.Equal([4, 0.5], variance);
    }

    [Fact]
    public void Dice_ExtremeInput_StaysFinite()
    {
        Tensor x = torch.tensor([1e4f, -1e4f, 0, 300], [4, 1]);
        Tensor y = torch.nn.functional.dice(x, torch.zeros([1]), torch.zeros([1]), torch.ones([1]), training: false);
        TensorAssert.Near([1e4, 0, 0, 300], y, 1e-3);
    }

    [Fact]
    public void AttentionLinear_EmptyAndLongSequences_EqualsComposition()
        => Compare(
            x => torch.nn.functional.attention_linear(x[0], x[1], Offsets(), x[2], x[3]),
            x => torch.nn.functional.linear(torch.cat([Spread(x[0]), x[1], Spread(x[0]) - x[1], Spread(x[0]) * x[1]], 1), x[2], x[3]),
            [4, 5], [44, 5], [7, 20], [7]);

    [Fact]
    public void AttentionLinear_DoublePrecision_IsComposed()
        => GradientCheck.Compare(
            x => torch.nn.functional.attention_linear(x[0], x[1], Offsets(), x[2], x[3]),
            GradientCheck.Input(1, 4, 2), GradientCheck.Input(2, 44, 2), GradientCheck.Input(3, 3, 8), GradientCheck.Input(4, 3));

    [Fact]
    public void WeightedSegmentSum_EmptyAndLongSequences_EqualsComposition()
        => Compare(
            x => torch.nn.functional.weighted_segment_sum(x[0], x[1], Offsets()),
            x => torch.zeros([4, 3], torch.float64).index_add_(0, torch.tensor(s_samples), x[0].unsqueeze(1) * x[1]),
            [44], [44, 3]);

    [Fact]
    public void SegmentDot_EmptyAndLongSequences_EqualsComposition()
        => Compare(
            x => torch.nn.functional.segment_dot(x[0], x[1], Offsets()),
            x => (Spread(x[0]) * x[1]).sum(1),
            [4, 5], [44, 5]);

    [Fact]
    public void SegmentSoftmax_EmptyAndLongSequences_EqualsComposition()
        => Compare(x => torch.nn.functional.segment_softmax(x[0], Offsets()), x => torch.nn.functional.segment_softmax(x[0], Offsets()), [44]);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(60)]
    public void SegmentTopk_EqualScoresAndNaN_AreThoseOfASort(int k)
    {
        // Few distinct scores, so that many are equal.
        float[] scores = [.. Enumerable.Range(0, 44).Select(i => i % 11 == 5 ? float.NaN : (i * 7) % 5)];
        long[] offsets = [0, 3, 3, 4, 44];
        List<long> expected = [];
        List<long> expectedOffsets = [0];
        for (int sample = 0; sample < 4; sample++)
        {
            var own = Enumerable.Range((int)offsets[sample], (int)(offsets[sample + 1] - offsets[sample]));
            expected.AddRange(own.OrderByDescending(i => float.IsNaN(scores[i]) ? float.NegativeInfinity : scores[i]).Take(k).Order().Select(i => (long)i));
            expectedOffsets.Add(expected.Count);
        }

        (Tensor places, Tensor kept) = torch.nn.functional.segment_topk(torch.tensor(scores), torch.tensor(offsets), k);

        Assert.Equal(expected, places.ToArray<long>());
        Assert.Equal(expectedOffsets, kept.ToArray<long>());
    }

    [Fact]
    public void SegmentTopk_NothingToKeep_IsRefused()
        => Assert.Contains("k must be at least 1", Assert.Throws<TorchException>(() => torch.nn.functional.segment_topk(torch.zeros([44]), Offsets(), 0)).Message, StringComparison.Ordinal);

    [Fact]
    public void SegmentSoftmax_Scores_SumToOnePerSample()
    {
        Tensor scores = GradientCheck.Input(5, 44).to(torch.float32) * 300;
        Tensor shares = torch.nn.functional.segment_softmax(scores, Offsets());
        TensorAssert.Near([1, 0, 1, 1], torch.nn.functional.weighted_segment_sum(shares, torch.ones([44, 1]), Offsets()), 1e-5);
        GradientCheck.Compare(x => torch.nn.functional.segment_softmax(x[0], Offsets()), GradientCheck.Input(6, 44));
    }

    [Theory]
    [InlineData(new long[] { 0, 3, 3, 4, 43 }, "44")]
    [InlineData(new long[] { 0, 5, 3, 4, 44 }, "fall")]
    [InlineData(new long[] { 0, 44 }, "1 samples")]
    public void AttentionLinear_WrongOffsets_AreNamed(long[] offsets, string text)
        => Assert.Contains(
            text,
            Assert.Throws<TorchException>(() => torch.nn.functional.attention_linear(torch.zeros([4, 2]), torch.zeros([44, 2]), torch.tensor(offsets), torch.zeros([3, 8]), torch.zeros([3]))).Message,
            StringComparison.Ordinal);

    private static Tensor Offsets() => torch.tensor([0L, 3, 3, 4, 44]);

    private static Tensor Spread(Tensor query) => query.index_select(0, torch.tensor(s_samples));

    private static Tensor Dice(Tensor x, Tensor alpha, Tensor mean, Tensor variance, bool training)
    {
        Tensor p = torch.nn.functional.batch_norm(x, mean, variance, training: training, momentum: 0.01, eps: 1e-9).sigmoid();
        return p * x + (1 - p) * alpha * x;
    }

    // The definition, one sequence after the other.
    private static Tensor Recurrence(Tensor x, Tensor w, Tensor b, long[] counts, Tensor attention)
    {
        Tensor[] states = new Tensor[x.shape[0]];
        for (int sequence = 0; sequence < counts[0]; sequence++)
        {
            Tensor state = torch.zeros([w.shape[1]], x.dtype);
            for (long step = 0, place = sequence; step < counts.Length && sequence < counts[step]; place += counts[step++])
            {
                Tensor[] given = x.select(0, place).chunk(3), own = (w.matmul(state) + b).chunk(3);
                Tensor update = (given[1] + own[1]).sigmoid();
                Tensor candidate = (given[2] + ((given[0] + own[0]).sigmoid() * own[2])).tanh();
                Tensor weight = attention.select(0, place) * (1 - update);
                states[place] = state = (1 - weight) * state + weight * candidate;
            }
        }

        return torch.stack(states);
    }

    // The definition: every pair of fields once.
    private static Tensor Pairs(Tensor[] x)
    {
        Tensor products = x[0].matmul(x[0].transpose(1, 2));
        return (products.sum(2).sum(1) - (x[0] * x[0]).sum(2).sum(1)) * 0.5;
    }

    private static void Compare(Func<Tensor[], Tensor> fused, Func<Tensor[], Tensor> composed, params long[][] shapes)
    {
        Tensor[] wide = [.. shapes.Select((shape, i) => GradientCheck.Input(i, shape))];
        Tensor[] narrow = [.. wide.Select(tensor => tensor.to(torch.float32))];
        foreach (Tensor tensor in wide.Concat(narrow))
            tensor.requires_grad_();

        Tensor expected = composed(wide), actual = fused(narrow);
        Near(expected, actual);
        Tensor weights = torch.arange(1, expected.numel + 1, dtype: torch.float64).sin().view(expected.shape);
        (expected * weights).sum().backward();
        (actual * weights.to(torch.float32)).sum().backward();
        for (int i = 0; i < wide.Length; i++)
            Near(wide[i].grad!, narrow[i].grad!);
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        double scale = Math.Max(1, expected.detach().abs().max().item<double>());
        TensorAssert.Near(expected.detach().contiguous().ToArray<double>(), actual.detach().to(torch.float64), Tolerance * scale);
    }
}
