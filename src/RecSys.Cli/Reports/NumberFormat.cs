using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>Numbers as people read them, the same in every culture.</summary>
internal static class NumberFormat
{
    private static readonly string[] s_byteUnits = ["B", "kB", "MB", "GB", "TB", "PB"];
    private static readonly string[] s_countUnits = ["", "k", "M", "G", "T"];

    /// <summary>Decimal byte units with three digits: <c>158 kB</c>, <c>1.6 MB</c>. The units are those that a budget is written in.</summary>
    public static string Bytes(double byteCount) => Scale(byteCount, s_byteUnits, " ");

    /// <summary>A count with three digits: <c>950</c>, <c>55.1k</c>, <c>1.2M</c>.</summary>
    public static string Compact(double count) => Scale(count, s_countUnits, "");

    /// <summary>A count with all its digits: <c>1,234,567</c>.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A time with one decimal: <c>12.5 ns</c>; <c>–</c> where there is none.</summary>
    public static string Nanoseconds(double? time) => time is double known ? string.Create(CultureInfo.InvariantCulture, $"{known:0.#} ns") : "–";

    /// <summary>A duration in its two largest units: <c>0.8 s</c>, <c>12 s</c>, <c>3 min 5 s</c>, <c>1 h 2 min</c>.</summary>
    public static string Duration(TimeSpan duration)
    {
        if (duration < TimeSpan.FromSeconds(9.95))
            return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.0} s");
        long seconds = (long)Math.Round(duration.TotalSeconds);
        return seconds switch
        {
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
            < 3600 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min {seconds % 60} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600} h {seconds % 3600 / 60} min"),
        };
    }

    private static string Scale(double value, string[] units, string separator)
    {
        int unit = 0;
        double scaled = value;
        // 999.5 would be written as 1000: the next unit says it in three digits.
        while (Math.Abs(scaled) >= 999.5 && unit < units.Length - 1)
        {
            scaled /= 1000;
            unit++;
        }

        // In the smallest unit a value is a whole number of bytes or items.
        string format = unit == 0 || Math.Abs(scaled) >= 99.95 ? "0" : Math.Abs(scaled) >= 9.995 ? "0.#" : "0.##";
        return scaled.ToString(format, CultureInfo.InvariantCulture) + separator + units[unit];
    }
}
