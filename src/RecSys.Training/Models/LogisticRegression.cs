using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>Logistic regression: bias plus one weight per id, those of crosses included.</summary>
internal sealed class LogisticRegression : CtrModel
{
    private readonly LinearTerm _firstOrder;

    public LogisticRegression(ModelContext context)
        : base(context.WideSet)
        => _firstOrder = register_module("first_order", new LinearTerm(context.Schema.NumericCount));

    public override ModelOutput Forward(ModelInput input) => _firstOrder.Forward(input.Sets[0].Fields, input.Numeric);
}
