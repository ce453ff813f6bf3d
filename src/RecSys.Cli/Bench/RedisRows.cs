using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace RecSys.Cli.Bench;

/// <summary>
/// Rows in Redis: the key is the row's number in 8 bytes, the value its numbers. Many rows a command, and all commands of a batch on
/// their way at once, written by one thread while another reads the answers.
/// </summary>
internal sealed class RedisRows : IDisposable
{
    private const int RowsPerCommand = 500;
    private const int SendBytes = 1 << 16;
    private readonly Socket _socket;
    private readonly int _width;
    private readonly byte[] _valueHead;
    private byte[] _out = new byte[2 * SendBytes];
    private byte[] _in = new byte[1 << 20];
    private int _start;
    private int _end;

    /// <summary>Connects.</summary>
    /// <param name="server">Where the server listens.</param>
    /// <param name="width">Numbers per row.</param>
    public RedisRows(EndPoint server, int width)
    {
        _width = width;
        _valueHead = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${width * sizeof(float)}\r\n"));
        bool isTcp = server is IPEndPoint;
        _socket = new Socket(server.AddressFamily, SocketType.Stream, isTcp ? ProtocolType.Tcp : ProtocolType.Unspecified);
        try
        {
            if (isTcp)
                _socket.NoDelay = true;
            _socket.Connect(server);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Reads rows.</summary>
    /// <param name="rows">Row numbers.</param>
    /// <param name="values">Receives [rows × width].</param>
    /// <exception cref="InvalidDataException">A row is missing.</exception>
    public void Get(ReadOnlyMemory<long> rows, Span<float> values)
    {
        // One command fits into the socket's buffer; more have to be written while answers are read.
        var sending = rows.Length <= RowsPerCommand ? SendNow() : Task.Run(() => Send(rows.Span, []));
        var bytes = MemoryMarshal.AsBytes(values);
        int valueBytes = _width * sizeof(float);
        for (int first = 0; first < rows.Length; first += RowsPerCommand)
        {
            int count = Math.Min(RowsPerCommand, rows.Length - first);
            Expect(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{count}\r\n")));
            for (int i = 0; i < count; i++)
            {
                int size = _valueHead.Length + valueBytes + 2;
                Fill(size);
                var value = _in.AsSpan(_start, size);
                if (!value.StartsWith(_valueHead))
                    throw new InvalidDataException($"Redis answers '{Encoding.ASCII.GetString(value)}' for row {rows.Span[first + i]}.");
                value.Slice(_valueHead.Length, valueBytes).CopyTo(bytes);
                bytes = bytes[valueBytes..];
                _start += size;
            }
        }

        sending.GetAwaiter().GetResult();

        Task SendNow()
        {
            Send(rows.Span, []);
            return Task.CompletedTask;
        }
    }

    /// <summary>Writes rows.</summary>
    /// <param name="rows">Row numbers.</param>
    /// <param name="values">Their numbers, [rows × width].</param>
    public void Set(ReadOnlyMemory<long> rows, ReadOnlyMemory<float> values)
    {
        var sending = Task.Run(() => Send(rows.Span, MemoryMarshal.AsBytes(values.Span)));
        for (int first = 0; first < rows.Length; first += RowsPerCommand)
            Expect("+OK\r\n"u8);
        sending.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Send(ReadOnlySpan<long> rows, ReadOnlySpan<byte> values)
    {
        bool isSet = !values.IsEmpty;
        int valueBytes = _width * sizeof(float);
        int largest = 64 + (RowsPerCommand * (14 + (isSet ? _valueHead.Length + valueBytes + 2 : 0)));
        if (_out.Length < SendBytes + largest)
            _out = new byte[SendBytes + largest];
        int at = 0;
        for (int first = 0; first < rows.Length; first += RowsPerCommand)
        {
            int count = Math.Min(RowsPerCommand, rows.Length - first);
            at += Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{1 + (isSet ? 2 * count : count)}\r\n$4\r\n{(isSet ? "MSET" : "MGET")}\r\n"), _out.AsSpan(at));
            for (int i = first; i < first + count; i++)
            {
                at = Put(at, "$8\r\n"u8);
                MemoryMarshal.Write(_out.AsSpan(at), rows[i]);
                at = Put(at + sizeof(long), "\r\n"u8);
                if (!isSet)
                    continue;
                at = Put(at, _valueHead);
                at = Put(at, values.Slice(i * valueBytes, valueBytes));
                at = Put(at, "\r\n"u8);
            }

            if (at < SendBytes && first + count < rows.Length)
                continue;
            for (int sent = 0; sent < at;)
                sent += _socket.Send(_out.AsSpan(sent, at - sent));
            at = 0;
        }
    }

    private int Put(int at, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_out.AsSpan(at));
        return at + bytes.Length;
    }

    private void Expect(ReadOnlySpan<byte> answer)
    {
        Fill(answer.Length);
        if (!_in.AsSpan(_start, answer.Length).SequenceEqual(answer))
            throw new InvalidDataException($"Redis answers '{Encoding.ASCII.GetString(_in.AsSpan(_start, _end - _start))}'.");
        _start += answer.Length;
    }

    // Makes so many bytes of the answer available.
    private void Fill(int count)
    {
        if (_end - _start >= count)
            return;
        _in.AsSpan(_start, _end - _start).CopyTo(_in);
        _end -= _start;
        _start = 0;
        while (_end < count)
        {
            int received = _socket.Receive(_in.AsSpan(_end));
            _end += received > 0 ? received : throw new InvalidDataException("Redis has closed the connection.");
        }
    }
}
