using System.Numerics.Tensors;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>Finds blocks of rows that can stand for others.</summary>
internal static class BlockMerging
{
    /// <summary>
    /// Lets every block share one of a few: block after block, in the order of their third quartiles, takes the nearest of those kept so
    /// far if that is not farther than a distance, and is kept otherwise. The distance is the smallest that keeps few enough.
    /// </summary>
    /// <param name="table">The rows.</param>
    /// <param name="blockRows">Rows of a block; the last one may be shorter.</param>
    /// <param name="count">Blocks to keep, at most all; exactly so many are kept.</param>
    /// <param name="similarity">The distance of two blocks is the largest difference of this share of their numbers, the most alike ones.</param>
    /// <returns>For every block the one it shares; a block that is kept shares itself.</returns>
    public static int[] Merge(RowTable table, long blockRows, int count, double similarity)
    {
        float[][] blocks = Blocks(table, blockRows);
        float[,] distances = Distances(blocks, similarity);
        int[] order = [.. Enumerable.Range(0, blocks.Length).OrderBy(b => Quantile([.. blocks[b]], 0.75)).ThenBy(b => b)];
        float[] candidates = [.. distances.Cast<float>().Distinct().Order()];
        int low = 0;
        for (int high = candidates.Length - 1; low < high;)
        {
            int middle = (low + high) / 2;
            if (KeptCount(Share(order, distances, candidates[middle])) <= count)
                high = middle;
            else
                low = middle + 1;
        }

        int[] shared = Share(order, distances, candidates[low]);

        // Fewer than asked for: those farthest from the block they share are kept after all.
        foreach (int block in Enumerable.Range(0, shared.Length).Where(b => shared[b] != b).OrderByDescending(b => distances[b, shared[b]]).Take(count - KeptCount(shared)).ToList())
            shared[block] = block;
        return shared;
    }

    private static int KeptCount(int[] shared) => shared.Where((s, b) => s == b).Count();

    private static int[] Share(int[] order, float[,] distances, float limit)
    {
        int[] shared = new int[order.Length];
        List<int> kept = [];
        foreach (int block in order)
        {
            int nearest = kept.Count == 0 ? block : kept.MinBy(k => distances[block, k]);
            shared[block] = nearest != block && distances[block, nearest] <= limit ? nearest : block;
            if (shared[block] == block)
                kept.Add(block);
        }

        return shared;
    }

    private static float[,] Distances(float[][] blocks, double similarity)
    {
        var distances = new float[blocks.Length, blocks.Length];
        Parallel.For(0, blocks.Length, a =>
        {
            for (int b = 0; b < a; b++)
            {
                // Numbers that only one of them has, at the end of the table, do not count.
                float[] differences = new float[Math.Min(blocks[a].Length, blocks[b].Length)];
                TensorPrimitives.Subtract(blocks[a].AsSpan(0, differences.Length), blocks[b].AsSpan(0, differences.Length), differences);
                TensorPrimitives.Abs(differences, differences);
                distances[a, b] = distances[b, a] = Quantile(differences, similarity);
            }
        });
        return distances;
    }

    private static float Quantile(float[] numbers, double share)
        => Select(numbers, (int)Math.Min(numbers.Length - 1, share * numbers.Length));

    // The number that would stand at a place if they were sorted. Hoare, "Algorithm 65: Find", 1961; it takes a few passes, where sorting takes many.
    private static float Select(float[] numbers, int place)
    {
        int low = 0;
        int high = numbers.Length - 1;
        while (low < high)
        {
            float pivot = numbers[(low + high) / 2];
            int left = low;
            int right = high;
            while (left <= right)
            {
                while (numbers[left] < pivot)
                    left++;
                while (numbers[right] > pivot)
                    right--;
                if (left > right)
                    break;
                (numbers[left], numbers[right]) = (numbers[right], numbers[left]);
                left++;
                right--;
            }

            if (place <= right)
                high = right;
            else if (place >= left)
                low = left;
            else
                break;
        }

        return numbers[place];
    }

    private static float[][] Blocks(RowTable table, long blockRows)
    {
        int width = table.Spec.Width;
        var blocks = new float[(table.Spec.RowCount + blockRows - 1) / blockRows][];
        Parallel.For(0, blocks.Length, b =>
        {
            long first = b * blockRows;
            blocks[b] = new float[Math.Min(blockRows, table.Spec.RowCount - first) * width];
            for (long row = first; row < Math.Min(first + blockRows, table.Spec.RowCount); row++)
                table.ReadRow(row, blocks[b].AsSpan((int)(row - first) * width, width));
        });
        return blocks;
    }
}
