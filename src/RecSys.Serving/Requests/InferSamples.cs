using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Serving.Models;

namespace RecSys.Serving.Requests;

/// <summary>Turns the inputs of an inference request into samples.</summary>
internal sealed class InferSamples
{
    private const string LengthsSuffix = ".lengths";

    private readonly ServedVersion _version;
    private readonly Dictionary<string, TensorElements> _inputs;

    /// <summary>Reads and checks the inputs.</summary>
    /// <param name="version">The model.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="maxIds">Most elements of all inputs together.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">An input is not valid; the message names it.</exception>
    public InferSamples(ServedVersion version, IReadOnlyList<InferRequest.InputTensor> inputs, int maxIds)
    {
        _version = version;
        _inputs = new Dictionary<string, TensorElements>(StringComparer.Ordinal);
        foreach (var input in inputs)
        {
            string feature = input.Name.EndsWith(LengthsSuffix, StringComparison.Ordinal) ? input.Name[..^LengthsSuffix.Length] : input.Name;
            if (!version.Run.Encoder.TryFind(feature, out _, out _))
            {
                string[] valid = [.. version.Run.Schema.GivenFeatures.Select(f => f.Name)];
                throw Refusal.Invalid($"inputs.{input.Name}: the model has no such feature; {NearestName.Hint(feature, valid)}valid: {string.Join(", ", valid)}, and with {LengthsSuffix} behind it the lengths of the lists of one.");
            }

            if (!_inputs.TryAdd(input.Name, TensorElements.Read(input, maxIds)))
                throw Refusal.Invalid($"inputs.{input.Name}: occurs twice.");
        }

        RequestLimits.ThrowIfMore(_inputs.Values.Sum(i => (long)i.Count), maxIds);
    }

    /// <summary>The samples; features without an input are missing in all of them.</summary>
    public List<EncodedSample> Build()
    {
        var run = _version.Run;
        List<(DataFeature Feature, int Index, TensorElements Elements, int[]? Offsets)> parts = [];
        foreach (var elements in _inputs.Values.Where(i => !i.Name.EndsWith(LengthsSuffix, StringComparison.Ordinal)))
        {
            run.Encoder.TryFind(elements.Name, out var feature, out int index);
            parts.Add((feature, index, elements, feature.Kind is FeatureKind.MultiValued or FeatureKind.Sequence ? Offsets(elements) : null));
        }

        if (parts.Count == 0)
            throw Refusal.Invalid("inputs: there is none; valid: a tensor per feature.");
        int count = CountOf(parts[0].Elements, parts[0].Offsets);
        foreach (var part in parts.Where(p => CountOf(p.Elements, p.Offsets) != count))
            throw Refusal.Invalid($"inputs.{part.Elements.Name}: has {CountOf(part.Elements, part.Offsets)} samples, but '{parts[0].Elements.Name}' has {count}.");

        List<EncodedSample> samples = [.. Enumerable.Range(0, count).Select(_ => new EncodedSample(run.Schema))];
        foreach ((var feature, int index, var elements, int[]? offsets) in parts)
        {
            if (!feature.HasIds)
            {
                for (int i = 0; i < count; i++)
                    samples[i].Numbers[index] = FeatureEncoder.NumberOf(feature, NumberAt(elements, i));
                continue;
            }

            long[] ids = IdsOf(feature, elements);
            for (int i = 0; i < count; i++)
                samples[i].Ids[index] = offsets is null ? [ids[i]] : FeatureEncoder.Keep(feature, [.. ids.AsSpan(offsets[i], offsets[i + 1] - offsets[i])]);
        }

        samples.ForEach(run.Encoder.SetCrosses);
        return samples;
    }

    /// <summary>The ids of one input.</summary>
    /// <param name="name">Name of a feature with ids.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">There is no such input.</exception>
    public long[] IdsOf(string name)
    {
        if (!_inputs.TryGetValue(name, out var elements) || !_version.Run.Encoder.TryFind(name, out var feature, out _) || !feature.HasIds)
            throw Refusal.Invalid($"outputs.embedding.{name}: needs an input '{name}' with ids or values.");
        return IdsOf(feature, elements);
    }

    private long[] IdsOf(DataFeature feature, TensorElements elements)
    {
        if (elements.Texts is { } texts && !feature.IsRawNumber)
            return Array.ConvertAll(texts, t => _version.Run.Encoder.IdOf(feature, t));
        if (elements.Numbers is { } numbers && feature.IsRawNumber)
            return Array.ConvertAll(numbers, n => _version.Run.Encoder.IdOf(feature, Finite(elements, n)));
        if (elements.Integers is not { } ids)
            throw Refusal.Invalid($"inputs.{elements.Name}.datatype: valid: INT64 for ids, {(feature.IsRawNumber ? "FP64 for raw numbers" : "BYTES for raw values")}.");
        long size = _version.Run.Schema.Vocabularies[feature.Field];
        for (int i = 0; i < ids.Length; i++)
        {
            if ((ulong)ids[i] >= (ulong)size)
                throw Refusal.Invalid($"inputs.{elements.Name}.data[{i}]: id {ids[i]} is out of range; valid: 0 … {size - 1}.");
        }

        return ids;
    }

    // Lists are cut by their lengths, or by the rows of a matrix.
    private int[] Offsets(TensorElements elements)
    {
        if (!_inputs.TryGetValue(elements.Name + LengthsSuffix, out var lengths))
        {
            if (elements.Shape.Count != 2)
                throw Refusal.Invalid($"inputs.{elements.Name}: needs the lengths of its lists as input '{elements.Name}{LengthsSuffix}', or the shape [samples, length].");
            return [.. Enumerable.Range(0, (int)elements.Shape[0] + 1).Select(i => i * (int)elements.Shape[1])];
        }

        long[] numbers = lengths.Integers ?? throw Refusal.Invalid($"inputs.{lengths.Name}.datatype: valid: INT32 or INT64.");
        int[] offsets = new int[numbers.Length + 1];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] < 0 || numbers[i] > elements.Count - offsets[i])
                throw Refusal.Invalid($"inputs.{lengths.Name}.data[{i}]: {numbers[i]} is out of range; the lists hold {elements.Count} elements together.");
            offsets[i + 1] = offsets[i] + (int)numbers[i];
        }

        return offsets[^1] == elements.Count ? offsets : throw Refusal.Invalid($"inputs.{lengths.Name}: the lists hold {offsets[^1]} elements together, but '{elements.Name}' has {elements.Count}.");
    }

    private static int CountOf(TensorElements elements, int[]? offsets) => offsets is null ? elements.Count : offsets.Length - 1;

    private static double NumberAt(TensorElements elements, int i)
        => elements.Numbers is { } numbers ? Finite(elements, numbers[i])
            : elements.Integers is { } integers ? integers[i]
            : throw Refusal.Invalid($"inputs.{elements.Name}.datatype: is text; valid: FP32, FP64 or a type of whole numbers.");

    private static double Finite(TensorElements elements, double number)
        => double.IsFinite(number) ? number : throw Refusal.Invalid($"inputs.{elements.Name}.data: {number} is no finite number.");
}
