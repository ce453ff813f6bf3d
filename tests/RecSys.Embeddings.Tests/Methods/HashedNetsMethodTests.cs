using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class HashedNetsMethodTests
{
    [Fact]
    public void Vector_AnyId_IsThatOfRobeWithBlocksOfOne()
    {
        MethodLayout nets = MethodCases.Build("hashed_nets", "", 7, 0.3);
        MethodLayout robe = MethodCases.Build("robe", "block=1", 7, 0.3);
        double[][] values = [[.. Enumerable.Range(0, (int)nets.Tables.Single().RowCount).Select(i => (double)i)]];

        Assert.Equal(nets.ByteCount, robe.ByteCount);
        foreach (EmbeddingField field in MethodCases.Fields)
        {
            for (int id = 0; id < field.VocabularySize; id++)
                Assert.Equal(
                    new ReferenceVectors("robe", "block=1", robe, values).Vector(field, id),
                    new ReferenceVectors("hashed_nets", "", nets, values).Vector(field, id));
        }
    }

    [Fact]
    public void Build_AnyBudget_IsMetToTheNumber()
    {
        MethodLayout layout = EmbeddingMethods.Get("hashed_nets").Build(MethodCases.Request("", 16, Budget.OfBytes(1_003)));

        Assert.Equal(1_000, layout.ByteCount);
    }
}
