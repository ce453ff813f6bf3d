using System.Text.Json;
using System.Text.Json.Serialization;
using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster;

/// <summary>A model as JSON: how it is sent to a shard and kept in its folder.</summary>
public static class ShardedModelFormat
{
    private const int Version = 2;

    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Writes a model.</summary>
    /// <param name="model">The model.</param>
    public static byte[] Write(ShardedModel model) => JsonSerializer.SerializeToUtf8Bytes(
        new ModelDto(Version, model.Name, model.Optimizer, model.OptimizerOptions, model.Seed, model.BucketCount, [.. model.Tables.Select(TableDto.Of)]), s_options);

    /// <summary>Reads a model.</summary>
    /// <param name="json">What <see cref="Write"/> has written.</param>
    /// <exception cref="ShardException">It is not a model; the message says why.</exception>
    public static ShardedModel Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var model = JsonSerializer.Deserialize<ModelDto>(json, s_options) ?? throw new JsonException("it is null");
            if (model.Version != Version)
                throw new JsonException($"its version is {model.Version}; valid: {Version}");
            return new ShardedModel(model.Name, [.. model.Tables.Select(t => t.ToSpec())], model.Optimizer, model.OptimizerOptions, model.Seed, model.BucketCount);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException)
        {
            throw new ShardException(ShardErrorKind.Invalid, $"The model is not valid: {e.Message}", e);
        }
    }

    private sealed record ModelDto(
        int Version, string Name, string Optimizer, SparseOptimizerOptions OptimizerOptions, ulong Seed, int BucketCount, IReadOnlyList<TableDto> Tables);

    private sealed record TableDto(
        string Name, long RowCount, int Width, InitialDistribution Distribution, float Scale, PrecisionDto Precision, bool IsTrained, string? Mask = null, GrowingDto? Growing = null)
    {
        public static TableDto Of(TableSpec spec) => new(
            spec.Name, spec.RowCount, spec.Width, spec.Initializer.Distribution, spec.Initializer.Scale, PrecisionDto.Of(spec.Precision), spec.IsTrained, MaskFormat.Write(spec.Mask), GrowingDto.Of(spec.Growing));

        public TableSpec ToSpec()
        {
            if (RowCount < 1 || Width is < 1 or > 1 << 20 || RowCount > long.MaxValue / (8 * Width))
                throw new JsonException($"table '{Name}' is [{RowCount} × {Width}], which cannot be");
            return new TableSpec(Name, RowCount, Width, new Initializer(Distribution, Scale))
            {
                Precision = Precision.ToPrecision(),
                IsTrained = IsTrained,
                Mask = MaskFormat.Read(Mask, RowCount * Width),
                Growing = Growing?.ToOptions(),
            };
        }
    }

    private sealed record GrowingDto(AdmissionDto Admission, EvictionDto Eviction, int StepsAhead, long? TimeToLive = null)
    {
        public static GrowingDto? Of(GrowingOptions? options) => options is null
            ? null
            : new GrowingDto(AdmissionDto.Of(options.Admission), EvictionDto.Of(options.Eviction), options.StepsAhead, options.TimeToLive);

        public GrowingOptions ToOptions() => new() { Admission = Admission.ToPolicy(), Eviction = Eviction.ToPolicy(), StepsAhead = StepsAhead, TimeToLive = TimeToLive };
    }

    private sealed record AdmissionDto(AdmissionRule Rule, int Occurrences, int Candidates, double Rate)
    {
        public static AdmissionDto Of(AdmissionPolicy policy) => new(policy.Rule, policy.Occurrences, policy.Candidates, policy.Rate);

        public AdmissionPolicy ToPolicy() => Rule switch
        {
            AdmissionRule.Count => AdmissionPolicy.Count(Occurrences, Candidates),
            AdmissionRule.CountingBloom => AdmissionPolicy.CountingBloom(Occurrences, Candidates, Rate),
            AdmissionRule.Probability => AdmissionPolicy.Probability(Rate),
            _ => AdmissionPolicy.Always,
        };
    }

    private sealed record EvictionDto(EvictionOrder Order, double Decay)
    {
        public static EvictionDto Of(EvictionPolicy policy) => new(policy.Order, policy.Decay);

        public EvictionPolicy ToPolicy() => Order switch
        {
            EvictionOrder.LeastRecentlyUsed => EvictionPolicy.LeastRecentlyUsed,
            EvictionOrder.LeastFrequentlyUsed => EvictionPolicy.LeastFrequentlyUsed,
            EvictionOrder.DecayedScore => EvictionPolicy.DecayedScore(Decay),
            _ => EvictionPolicy.None,
        };
    }

    private sealed record PrecisionDto(RowFormat Format, RowScale Scale, float Step, bool IsStochastic, float StepLearningRate)
    {
        public static PrecisionDto Of(RowPrecision p) => new(p.Format, p.Scale, p.Step, p.IsStochastic, p.StepLearningRate);

        public RowPrecision ToPrecision() => RowPrecision.Fp32 with
        {
            Format = Format,
            Scale = Scale,
            Step = Step > 0 ? Step : throw new JsonException($"the step {Step} is not above 0"),
            IsStochastic = IsStochastic,
            StepLearningRate = StepLearningRate,
        };
    }

    // A mask is long and mostly random, so base64 of its words.
    private static class MaskFormat
    {
        public static string? Write(RowMask? mask)
        {
            if (mask is null)
                return null;
            var words = mask.Bits.Words;
            return Convert.ToBase64String(words.Bytes(0, checked((int)words.ByteCount)));
        }

        public static RowMask? Read(string? text, long length)
        {
            if (text is null)
                return null;
            byte[] bytes = Convert.FromBase64String(text);
            if (bytes.Length != PackedArray.ByteCountOf(length, 1))
                throw new JsonException($"a mask of {length} numbers has {bytes.Length} bytes");
            var bits = new PackedArray(length, 1);
            bytes.CopyTo(bits.Words.Bytes(0, bytes.Length));
            return new RowMask(bits);
        }
    }
}
