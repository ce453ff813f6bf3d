using RecSys.Data.Configuration;

namespace RecSys.Training.Configuration;

/// <summary>Name and hyper-parameters of the CTR model.</summary>
public sealed class ModelConfig
{
    internal ModelConfig(ConfigNode node)
    {
        Name = node.String("name");
        Options = node;
    }

    /// <summary>Name in the registry of models.</summary>
    public string Name { get; }

    /// <summary>The model's section; the model reads its own keys from it.</summary>
    public ConfigNode Options { get; }
}
