using System.Globalization;
using System.Text;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;

namespace RecSys.Data;

/// <summary>
/// The vocabularies of a data set in one file that is mapped into memory: opening reads nothing, and a value's id, or an id's value, costs
/// a few reads.
/// </summary>
/// <remarks>Thread-safe; <see cref="Dispose"/> must not race with reading.</remarks>
public sealed partial class VocabularyIndex : IDisposable
{
    /// <summary>Name of the file in a run's folder.</summary>
    public const string FileName = "vocabulary.safetensors";

    /// <summary>Version of the format that this program writes and reads.</summary>
    public const int FormatVersion = 1;

    private const string VersionKey = "format_version";

    private readonly SafetensorsFile _file;
    private readonly Dictionary<string, FieldIndex> _fields;

    private VocabularyIndex(SafetensorsFile file, IReadOnlyDictionary<string, long> sizes)
    {
        _file = file;
        _fields = sizes.ToDictionary(s => s.Key, s => new FieldIndex(file, s.Key, s.Value));
    }

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <summary>Bytes of the file's tensors.</summary>
    public long ByteCount => _file.Tensors.Values.Sum(t => t.ByteCount);

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="schema">The data set that it belongs to.</param>
    /// <exception cref="DataException">There is no such file, it is of another version, or its vocabularies are not those of the data set.</exception>
    public static VocabularyIndex Open(string path, DataSchema schema)
    {
        if (!File.Exists(path))
            throw new DataException($"{path}: there is no such file; valid: a folder written by 'recsys train' or 'recsys compress'");
        SafetensorsFile? file = null;
        try
        {
            file = SafetensorsFile.Open(path);
            string version = file.Metadata.GetValueOrDefault(VersionKey, "");
            if (version != FormatVersion.ToString(CultureInfo.InvariantCulture))
                throw new InvalidDataException($"{path}: format version '{version}' is not supported; this program reads version {FormatVersion}");
            return new VocabularyIndex(file, schema.Vocabularies);
        }
        catch (InvalidDataException e)
        {
            file?.Dispose();
            throw new DataException(e.Message, e);
        }
    }

    /// <summary>The id of a raw value; 0 when it is unknown.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="value">The value in UTF-8.</param>
    /// <exception cref="DataException">There is no such field.</exception>
    public long IdOf(string field, ReadOnlySpan<byte> value) => Find(field).IdOf(value);

    /// <summary>The raw value of an id; null for the unknown id 0.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="id">The id.</param>
    /// <exception cref="DataException">There is no such field, or the id lies beyond its vocabulary.</exception>
    public string? ValueOf(string field, long id)
    {
        FieldIndex index = Find(field);
        if ((ulong)id >= (ulong)index.Size)
            throw new DataException($"id {id} is not in vocabulary '{field}'; valid: 0 … {index.Size - 1}");
        return id == 0 ? null : Encoding.UTF8.GetString(index.ValueOf(id));
    }

    /// <summary>Reads the whole file and compares its checksums.</summary>
    /// <exception cref="DataException">It is damaged.</exception>
    public void Verify()
    {
        foreach ((string field, FieldIndex index) in _fields)
        {
            if (!index.IsWhole)
                throw new DataException($"{Path}: vocabulary '{field}' does not match its checksum; the file is damaged");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private FieldIndex Find(string field)
        => _fields.TryGetValue(field, out FieldIndex? index)
            ? index
            : throw new DataException($"there is no vocabulary '{field}' in {Path}; {NearestName.Hint(field, _fields.Keys)}valid: {string.Join(", ", _fields.Keys)}");

    // Values lie one behind the other in the order of their ids, from 1 on: value i ends where value i + 1 begins. A slot holds an id in its
    // lower half and the lower half of the value's hash in its upper; it is the first free one from the place that the hash gives. Free is 0.
    // Zeros fill the values up to a multiple of 8 bytes, so that numbers are aligned.
    private sealed class FieldIndex
    {
        private const double SlotsPerValue = 1.5;
        private const int PieceBytes = 1 << 24;

        private readonly SafetensorsFile _file;
        private readonly SafetensorsEntry _values;
        private readonly SafetensorsEntry _offsets;
        private readonly SafetensorsEntry _slots;
        private readonly SafetensorsEntry _checksum;
        private readonly int _slotCount;

        public FieldIndex(SafetensorsFile file, string field, long size)
        {
            _file = file;
            Size = size;
            _slotCount = SlotCount(size);
            _offsets = Entry("offsets", size);
            _slots = Entry("slots", _slotCount);
            _checksum = Entry("checksum", 1);
            _values = Entry("values", Padded(file.Read<long>(_offsets, size - 1, 1)[0]));

            SafetensorsEntry Entry(string part, long count)
                => file.Tensors.TryGetValue($"{field}/{part}", out SafetensorsEntry? entry) && entry.Shape.SequenceEqual([count])
                    ? entry
                    : throw new InvalidDataException($"{file.Path}: vocabulary '{field}' is missing or has another size; the file belongs to another data set");
        }

        public long Size { get; }

        public bool IsWhole
        {
            get
            {
                var hash = new XxHash64();
                foreach (SafetensorsEntry entry in new[] { _values, _offsets, _slots })
                {
                    for (long start = 0; start < entry.ByteCount; start += PieceBytes)
                        hash.Append(_file.Read<byte>(entry, start, (int)Math.Min(PieceBytes, entry.ByteCount - start)));
                }

                return (long)hash.Hash == _file.Read<long>(_checksum, 0, 1)[0];
            }
        }

        public static int SlotCount(long size) => checked((int)(size * SlotsPerValue));

        public static long Padded(long valueBytes) => (valueBytes + 7) / 8 * 8;

        public static int FirstSlot(ulong hash, int slotCount) => (int)Math.BigMul(hash, (ulong)slotCount, out _);

        public static int NextSlot(int slot, int slotCount) => slot + 1 == slotCount ? 0 : slot + 1;

        public ReadOnlySpan<byte> ValueOf(long id)
        {
            ReadOnlySpan<long> offsets = _file.Read<long>(_offsets, id - 1, 2);
            return _file.Read<byte>(_values, offsets[0], checked((int)(offsets[1] - offsets[0])));
        }

        public long IdOf(ReadOnlySpan<byte> value)
        {
            ulong hash = XxHash64.Compute(value);
            ReadOnlySpan<long> slots = _file.Read<long>(_slots, 0, _slotCount);
            for (int slot = FirstSlot(hash, _slotCount); slots[slot] != 0; slot = NextSlot(slot, _slotCount))
            {
                long id = (uint)slots[slot];
                if ((uint)(slots[slot] >>> 32) == (uint)hash && ValueOf(id).SequenceEqual(value))
                    return id;
            }

            return 0;
        }
    }
}
