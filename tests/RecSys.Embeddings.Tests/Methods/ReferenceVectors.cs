using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>The vectors of a layout by the second definition of its method, in double precision, and their gradients by finite differences.</summary>
internal sealed class ReferenceVectors(string method, string options, MethodLayout layout, double[][] values)
{
    private const double Step = 1e-5;

    private readonly MethodDefinition _definition = MethodDefinitions.Of(method);
    private readonly DefinitionRows _rows = new(options, layout, values);

    public double[] Vector(EmbeddingField field, long id)
    {
        _rows.Field = field;
        return _rows.IsFull ? _rows.Row("", id) : _definition.Vector(_rows, id);
    }

    /// <summary>Adds the gradients of all rows that one id reads.</summary>
    /// <param name="field">Field of the id.</param>
    /// <param name="id">The id.</param>
    /// <param name="gradient">Gradient of its vector.</param>
    /// <param name="gradients">Dense gradients per table, shaped like the values.</param>
    /// <param name="touched">Receives the rows that were read.</param>
    public void AddGradients(EmbeddingField field, long id, double[] gradient, double[][] gradients, HashSet<(int Table, long Row)> touched)
    {
        _rows.Read.Clear();
        Vector(field, id);
        (int Table, long Row)[] read = [.. _rows.Read];
        touched.UnionWith(read);
        foreach (var (table, row) in read)
        {
            int width = layout.Tables[table].Width;
            for (long i = row * width; i < (row + 1) * width; i++)
                gradients[table][i] += Slope(field, id, gradient, ref values[table][i]);
        }
    }

    private double Slope(EmbeddingField field, long id, double[] gradient, ref double value)
    {
        double original = value;
        value = original + Step;
        double above = Vector(field, id).Zip(gradient, (v, g) => v * g).Sum();
        value = original - Step;
        double below = Vector(field, id).Zip(gradient, (v, g) => v * g).Sum();
        value = original;
        return (above - below) / (2 * Step);
    }
}
