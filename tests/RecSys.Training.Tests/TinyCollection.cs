namespace RecSys.Training.Tests;

/// <summary>Tests that use libtorch share its seed and threads, so they run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class TinyCollection : ICollectionFixture<TinyDataset>
{
    public const string Name = "libtorch";
}
