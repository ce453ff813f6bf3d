using RecSys.Torch;

namespace RecSys.Training.Checkpoints;

/// <summary>The states of the random generators that a run draws from: the processor's, and that of its device where it computes elsewhere.</summary>
internal static class RandomStates
{
    private const string OfProcessor = "random_state";
    private const string OfDevice = "device_random_state";

    /// <summary>The states, by name.</summary>
    /// <param name="device">Where the dense part computes.</param>
    public static IReadOnlyDictionary<string, Tensor> Get(Device device)
    {
        var states = new Dictionary<string, Tensor> { [OfProcessor] = torch.get_rng_state() };
        if (device.Type != DeviceType.CPU)
            states.Add(OfDevice, torch.get_rng_state(device));
        return states;
    }

    /// <summary>Puts the generators back, and takes their states out of a list of tensors. A run that goes on on another kind of device draws anew there.</summary>
    /// <param name="states">Has what <see cref="Get"/> gave.</param>
    /// <param name="device">Where the dense part computes.</param>
    /// <exception cref="ArgumentException">There is no state.</exception>
    public static void Restore(IDictionary<string, Tensor> states, Device device)
    {
        if (!states.Remove(OfProcessor, out var own))
            throw new ArgumentException($"There is no tensor '{OfProcessor}'.");
        torch.set_rng_state(own);
        if (states.Remove(OfDevice, out var other) && device.Type != DeviceType.CPU)
            torch.set_rng_state(other, device);
    }
}
