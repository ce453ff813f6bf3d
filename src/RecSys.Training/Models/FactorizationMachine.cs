using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>Second-order factorisation machine.</summary>
/// <remarks>Rendle, "Factorization Machines", 2010.</remarks>
internal sealed class FactorizationMachine : CtrModel
{
    private readonly LinearTerm _firstOrder;

    public FactorizationMachine(ModelContext context)
        : base(context.LinearSet, context.EmbeddingSet)
        => _firstOrder = register_module("first_order", new LinearTerm(context.Schema.NumericCount));

    public override ModelOutput Forward(ModelInput input)
        => _firstOrder.Forward(input.Sets[0].Fields, input.Numeric) + torch.nn.functional.pairwise_interaction(input.Sets[1].Fields).interaction;
}
