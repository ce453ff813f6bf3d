using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>The looks of the series: colours that stay apart for colour-blind readers, and shapes that stay apart without colour.</summary>
internal static class PlotMarker
{
    /// <summary>Colours (Okabe and Ito 2008, darkened for white paper) in pairs: on a light and on a dark background.</summary>
    public static readonly (string Light, string Dark)[] Colors =
    [
        ("#0072b2", "#56b4e9"), ("#d55e00", "#ff8c42"), ("#007a5a", "#2fd6a5"), ("#a8428c", "#e39bc8"),
        ("#8a6d00", "#f0d54a"), ("#444444", "#cccccc"), ("#b01e3c", "#ff7b93"), ("#4b3fa7", "#a79dff"),
    ];

    /// <summary>Outlines around the origin; shapes and colours repeat with different periods, so that pairs repeat late.</summary>
    public static readonly string[] Shapes =
    [
        "M-4.5,0 a4.5,4.5 0 1,0 9,0 a4.5,4.5 0 1,0 -9,0 z",
        "M-4,-4 h8 v8 h-8 z",
        "M0,-5.5 L5.2,4 H-5.2 z",
        "M0,-5.7 L5.7,0 L0,5.7 L-5.7,0 z",
        "M0,5.5 L5.2,-4 H-5.2 z",
        "M-1.7,-5.2 h3.4 v3.5 h3.5 v3.4 h-3.5 v3.5 h-3.4 v-3.5 h-3.5 v-3.4 h3.5 z",
        "M0,-6 L1.5,-2 L5.7,-1.9 L2.4,0.8 L3.5,4.9 L0,2.5 L-3.5,4.9 L-2.4,0.8 L-5.7,-1.9 L-1.5,-2 z",
    ];

    /// <summary>Class of the colour of a look.</summary>
    public static string ColorClass(int look) => "c" + (look % Colors.Length).ToString(CultureInfo.InvariantCulture);

    /// <summary>Id of the outline of a look.</summary>
    public static string ShapeId(int look) => "m" + (look % Shapes.Length).ToString(CultureInfo.InvariantCulture);
}
