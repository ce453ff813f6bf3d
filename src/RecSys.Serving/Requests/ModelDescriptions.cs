using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Serving.Models;
using RecSys.Training;

namespace RecSys.Serving.Requests;

/// <summary>What the models are, for people and for clients that find out by themselves: <c>GET /v1/models</c>.</summary>
internal static class ModelDescriptions
{
    /// <summary>A model.</summary>
    public sealed record ModelDescription(
        string Name, string? CurrentVersion, bool IsPinned, IReadOnlyList<VersionDescription> Versions, string? Architecture, bool Scores,
        IReadOnlyList<FeatureDescription> Features, IReadOnlyList<SetDescription> Sets, long EmbeddingBytes, long FullBytes, long VocabularyBytes);

    /// <summary>A version in memory.</summary>
    public sealed record VersionDescription(string Version, DateTimeOffset LoadedAt);

    /// <summary>A feature that samples can have; crosses follow from these.</summary>
    public sealed record FeatureDescription(string Name, FeatureKind Kind, string? Field, int MaxLength);

    /// <summary>An embedding set.</summary>
    public sealed record SetDescription(string Name, int Dimension, IReadOnlyList<FieldDescription> Fields);

    /// <summary>A field: its rows are shared with the other fields of its group.</summary>
    public sealed record FieldDescription(string Name, long VocabularySize, string Method, string Precision, IReadOnlyList<TableDescription> Tables);

    /// <summary>A table.</summary>
    public sealed record TableDescription(string Name, long Rows, int Width, string Precision, long Bytes);

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model.</param>
    public static ModelDescription Of(ServedModel model)
    {
        var versions = model.Versions;
        if (model.Current is null)
            return new ModelDescription(model.Name, null, model.IsPinned, [], null, false, [], [], 0, 0, 0);
        using var lease = model.Hold(version: null);
        var run = lease.Version.Run;
        return new ModelDescription(
            model.Name,
            lease.Version.Version,
            model.IsPinned,
            [.. versions.Select(v => new VersionDescription(v.Version, v.LoadedAt))],
            run.Manifest.Model,
            lease.Version.Scoring is not null,
            [.. run.Schema.GivenFeatures.Select(f => new FeatureDescription(f.Name, f.Kind, f.HasIds ? f.Field : null, f.MaxLength))],
            [.. run.Lookups.Select(l => new SetDescription(l.SetName, l.Dimension, [.. l.Groups.SelectMany(g => g.Request.Fields.Select(f => Of(g, f)))]))],
            run.Lookups.SelectMany(l => l.Groups).Sum(g => g.Layout.ServeByteCount),
            EmbeddingLayout.FullByteCount(run.Schema, run.Manifest.Sets),
            run.Vocabularies.ByteCount);
    }

    private static FieldDescription Of(EmbeddingGroup group, EmbeddingField field)
        => new(
            field.Name,
            field.VocabularySize,
            group.Spec.MethodLabel,
            group.Spec.Precision.ToString(),
            [.. group.Layout.Of(field).Sources.Where(s => !s.IsCode).Select(s => group.Layout.Tables[s.Table]).Distinct().Select(t => new TableDescription(t.Name, t.RowCount, t.Width, t.Precision.ToString(), t.ByteCount))]);
}
