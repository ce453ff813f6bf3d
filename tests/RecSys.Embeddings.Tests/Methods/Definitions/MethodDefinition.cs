namespace RecSys.Embeddings.Tests.Methods.Definitions;

/// <summary>
/// What the tests know of a method: its variants, where they can go, and its definition written down a second time: one id at a
/// time, in double precision, from the names and sizes of the tables. Only hashed addresses are taken from the layout.
/// </summary>
internal abstract class MethodDefinition
{
    public abstract string Name { get; }

    /// <summary>Options of each variant to test, as <c>name=value name=value</c>; every option of the method occurs.</summary>
    public virtual string[] Variants => [""];

    /// <summary>Budgets to test, as fractions; none where a variant cannot be built for a dimension.</summary>
    public virtual double[] Budgets(string options, int dimension) => [1, 0.5, 0.4];

    /// <summary>True when a variant lands within 2 % below any budget it can reach.</summary>
    public virtual bool IsExact(string options) => false;

    /// <summary>True when the gradients of the rows are the derivatives of the vectors; methods that round pass gradients on as if they did not.</summary>
    public virtual bool IsDifferentiable => true;

    /// <summary>True when rows can be kept in any precision; methods that keep single numbers have fp32 only.</summary>
    public virtual bool TakesCodes => true;

    /// <summary>True when the vectors that are served are those that the last steps of training computed.</summary>
    public virtual bool KeepsVectors(string options) => true;

    /// <summary>True when training decides how much of the budget is used; what is predicted before is the most it can be.</summary>
    public virtual bool LearnsSize => false;

    /// <summary>The vector of an id of the field of <paramref name="rows"/>; fields stored in full never come here.</summary>
    public abstract double[] Vector(DefinitionRows rows, long id);

    protected static double[] Concat(IEnumerable<double[]> rows) => [.. rows.SelectMany(r => r)];

    protected static double[] Sum(IReadOnlyList<double[]> rows) => [.. Enumerable.Range(0, rows[0].Length).Select(j => rows.Sum(r => r[j]))];

    protected static double[] Product(IReadOnlyList<double[]> rows)
        => [.. Enumerable.Range(0, rows[0].Length).Select(j => rows.Aggregate(1.0, (product, r) => product * r[j]))];

    protected static double[] Scale(double[] row, double factor) => [.. row.Select(x => x * factor)];

    /// <summary>row · matrix.</summary>
    protected static double[] Multiply(double[] row, double[][] matrix)
        => [.. Enumerable.Range(0, matrix[0].Length).Select(j => row.Select((x, k) => x * matrix[k][j]).Sum())];
}
