using RecSys.Torch.Interop;

namespace RecSys.Torch;

public sealed partial class Tensor
{
    private static readonly Operator s_detach = new("aten::detach");

    /// <summary>True when operations on the tensor are recorded for gradients.</summary>
    public bool requires_grad => Handle.Info().RequiresGrad != 0;

    /// <summary>True when the tensor is not the result of a recorded operation.</summary>
    public bool is_leaf => Handle.Info().IsLeaf != 0;

    /// <summary>The accumulated gradient of a leaf, as a new handle; null when there is none. Setting null removes it.</summary>
    public Tensor? grad
    {
        get => Autograd.Gradients([this])[0];
        set => Autograd.SetGradient(this, value);
    }

    /// <summary>Switches the recording of operations on a leaf.</summary>
    /// <param name="requires">True to record.</param>
    public Tensor requires_grad_(bool requires = true)
    {
        Autograd.SetRequiresGrad(this, requires);
        return this;
    }

    /// <summary>Adds the gradient of this tensor to <see cref="grad"/> of every leaf it was computed from.</summary>
    /// <param name="gradient">Gradient of this tensor, of its shape; may be absent for one element (1).</param>
    /// <param name="retainGraph">Keeps the recording for another call.</param>
    public void backward(Tensor? gradient = null, bool retainGraph = false) => Autograd.Backward(this, gradient, retainGraph);

    /// <summary>The same elements, not recorded.</summary>
    public Tensor detach() => s_detach.Call(this);
}
