using System.Globalization;

namespace RecSys.Torch;

/// <summary>Where the elements of a tensor are.</summary>
/// <param name="Type">Kind of device.</param>
/// <param name="Index">Number of the device, or −1 for the current one of its kind.</param>
public readonly record struct Device(DeviceType Type, int Index = -1)
{
    private const int CurrentIndex = 255;

    /// <summary>The processor.</summary>
    public static Device CPU => new(DeviceType.CPU);

    /// <summary>The current NVIDIA accelerator.</summary>
    public static Device CUDA => new(DeviceType.CUDA);

    /// <summary>Type and index in one number, as the native side expects.</summary>
    internal int Code => ((int)Type << 8) | (Index < 0 ? CurrentIndex : Index);

    /// <summary>Reads a device name.</summary>
    /// <param name="text"><c>cpu</c>, <c>cuda</c>, <c>cuda:N</c>, or <c>auto</c>: cuda when there is one, else cpu.</param>
    /// <exception cref="ArgumentException">Another text.</exception>
    public static Device Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        const string Prefix = "cuda:";
        return text switch
        {
            "cpu" => CPU,
            "cuda" => CUDA,
            "auto" => torch.cuda_is_available() ? CUDA : CPU,
            _ when text.StartsWith(Prefix, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                && index < CurrentIndex => new(DeviceType.CUDA, index),
            _ => throw new ArgumentException($"Unknown device '{text}'; valid are cpu, cuda, cuda:N, auto.", nameof(text)),
        };
    }

    /// <summary>The name that <see cref="Parse"/> reads.</summary>
    public override string ToString()
    {
        string name = Type == DeviceType.CPU ? "cpu" : "cuda";
        return Index < 0 || Type == DeviceType.CPU ? name : string.Create(CultureInfo.InvariantCulture, $"{name}:{Index}");
    }

    internal static Device FromCode(int code)
    {
        int index = code & CurrentIndex;
        return new((DeviceType)(code >> 8), index == CurrentIndex ? -1 : index);
    }
}
