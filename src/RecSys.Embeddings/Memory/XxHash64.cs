using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace RecSys.Embeddings.Memory;

/// <summary>The 64-bit xxHash of bytes that arrive in pieces: a checksum against damage, not against forgery.</summary>
/// <remarks>
/// Collet, "xxHash fast digest algorithm", 2012 (XXH64, seed 0). The result does not depend on how the bytes are cut into pieces.
/// Not thread-safe.
/// </remarks>
public sealed class XxHash64
{
    private const int StripeSize = 32;
    private const ulong P1 = 11400714785074694791;
    private const ulong P2 = 14029467366897019727;
    private const ulong P3 = 1609587929392839161;
    private const ulong P4 = 9650029242287828579;
    private const ulong P5 = 2870177450012600261;

    private readonly byte[] _partial = new byte[StripeSize];
    private ulong _a = unchecked(P1 + P2);
    private ulong _b = P2;
    private ulong _c;
    private ulong _d = unchecked(0 - P1);
    private ulong _length;

    /// <summary>The checksum of all bytes so far; more may follow.</summary>
    public ulong Hash
    {
        get
        {
            ulong hash = P5;
            if (_length >= StripeSize)
            {
                hash = BitOperations.RotateLeft(_a, 1) + BitOperations.RotateLeft(_b, 7) + BitOperations.RotateLeft(_c, 12) + BitOperations.RotateLeft(_d, 18);
                hash = Merge(Merge(Merge(Merge(hash, _a), _b), _c), _d);
            }

            return Finish(hash + _length, _partial.AsSpan(0, PartialLength));
        }
    }

    private int PartialLength => (int)(_length % StripeSize);

    /// <summary>Checksum of bytes at hand.</summary>
    /// <param name="bytes">The bytes.</param>
    public static ulong Compute(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < StripeSize)
            return Finish(P5 + (ulong)bytes.Length, bytes);
        var hash = new XxHash64();
        hash.Append(bytes);
        return hash.Hash;
    }

    /// <summary>Adds bytes.</summary>
    /// <param name="bytes">The bytes that follow those added before.</param>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        int held = PartialLength;
        _length += (ulong)bytes.Length;
        if (held > 0)
        {
            int taken = Math.Min(StripeSize - held, bytes.Length);
            bytes[..taken].CopyTo(_partial.AsSpan(held));
            bytes = bytes[taken..];
            if (held + taken < StripeSize)
                return;
            AddStripes(_partial);
        }

        int whole = bytes.Length - (bytes.Length % StripeSize);
        AddStripes(bytes[..whole]);
        bytes[whole..].CopyTo(_partial);
    }

    private void AddStripes(ReadOnlySpan<byte> bytes)
    {
        ulong a = _a, b = _b, c = _c, d = _d;
        for (; bytes.Length >= StripeSize; bytes = bytes[StripeSize..])
        {
            a = Round(a, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            c = Round(c, BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
            d = Round(d, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        }

        (_a, _b, _c, _d) = (a, b, c, d);
    }

    private static ulong Finish(ulong hash, ReadOnlySpan<byte> rest)
    {
        for (; rest.Length >= 8; rest = rest[8..])
            hash = (BitOperations.RotateLeft(hash ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(rest)), 27) * P1) + P4;
        if (rest.Length >= 4)
        {
            hash = (BitOperations.RotateLeft(hash ^ (BinaryPrimitives.ReadUInt32LittleEndian(rest) * P1), 23) * P2) + P3;
            rest = rest[4..];
        }

        foreach (byte b in rest)
            hash = BitOperations.RotateLeft(hash ^ (b * P5), 11) * P1;
        hash = (hash ^ (hash >> 33)) * P2;
        hash = (hash ^ (hash >> 29)) * P3;
        return hash ^ (hash >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Round(ulong lane, ulong input) => BitOperations.RotateLeft(lane + (input * P2), 31) * P1;

    private static ulong Merge(ulong hash, ulong lane) => ((hash ^ Round(0, lane)) * P1) + P4;
}
