namespace RecSys.Cli.Reports;

/// <summary>Sizes of a plot, in pixels.</summary>
/// <param name="Width">Of the area with the points.</param>
/// <param name="Height">Of the area with the points.</param>
/// <param name="Left">Room for the vertical axis.</param>
/// <param name="Top">Room above.</param>
/// <param name="Bottom">Room for the horizontal axis.</param>
internal sealed record PlotLayout(double Width, double Height, double Left, double Top, double Bottom)
{
    /// <summary>Room on the right.</summary>
    public const double Right = 12;

    /// <summary>A file of its own, with a heading; a legend comes on top of the width.</summary>
    public static PlotLayout File { get; } = new(520, 320, 76, 46, 58);

    /// <summary>In a page on a desktop.</summary>
    public static PlotLayout Wide { get; } = new(672, 380, 76, 10, 46);

    /// <summary>In a page on a phone: 360 pixels in all.</summary>
    public static PlotLayout Narrow { get; } = new(274, 270, 74, 10, 46);
}
