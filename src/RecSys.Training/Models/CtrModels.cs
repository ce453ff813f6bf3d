using RecSys.Data.Configuration;

namespace RecSys.Training.Models;

/// <summary>All CTR models by name. Tests, command line and documentation enumerate this list.</summary>
public static class CtrModels
{
    private static readonly (string Name, Func<ModelContext, CtrModel> Create)[] s_models =
    [
        ("lr", context => new LogisticRegression(context)),
        ("fm", context => new FactorizationMachine(context)),
        ("fwfm", context => new FieldWeightedMachine(context)),
        ("ffm", context => new FieldAwareMachine(context)),
        ("dnn", context => new DeepNetwork(context)),
        ("wide_deep", context => new WideDeep(context)),
        ("deepfm", context => new DeepFm(context)),
        ("ipnn", context => new InnerProductNetwork(context)),
        ("dcn", context => new CrossNetwork(context)),
        ("dcnv2", context => new DeepCrossNetwork(context)),
        ("xdeepfm", context => new CompressedInteraction(context)),
        ("autoint", context => new AutoInt(context)),
        ("dlrm", context => new DotInteractionNetwork(context)),
        ("finalmlp", context => new FinalMlp(context)),
        ("shared_bottom", context => new SharedBottom(context)),
        ("mmoe", context => new MixtureOfExperts(context)),
        (OverCrosses, context => new OptInter(context)),
        ("din", context => new DeepInterestNetwork(context)),
        ("dien", context => new DeepInterestEvolution(context)),
        ("dare", context => new DecoupledAttention(context)),
    ];

    /// <summary>Names of the models that need a history of behaviours and a candidate.</summary>
    public static IReadOnlyList<string> OverHistories { get; } = ["din", "dien", "dare"];

    /// <summary>Name of the model that needs crosses.</summary>
    public const string OverCrosses = "optinter";

    /// <summary>Names of all models.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_models.Select(m => m.Name)];

    /// <summary>Creates a model.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="context">Features, width and options.</param>
    /// <exception cref="ConfigException">Unknown name, or an option is wrong.</exception>
    public static CtrModel Create(string name, ModelContext context)
    {
        foreach (var model in s_models)
        {
            if (model.Name == name)
                return model.Create(context);
        }

        throw context.Options.Error("name", $"model '{name}' is unknown; valid are {string.Join(", ", Names)}");
    }
}
