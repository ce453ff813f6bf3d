using System.Globalization;
using System.IO.Compression;
using System.Text;
using RecSys.Data.Configuration;

namespace RecSys.Data.Tests;

/// <summary>Every file of configs/datasets on a few rows in the format that the set's owner publishes.</summary>
public sealed class DatasetConfigsTests
{
    private static readonly string s_criteoRow = $"\t{string.Join('\t', Enumerable.Range(1, 13))}\t{string.Join('\t', Enumerable.Repeat("68fd1e64", 26))}\n";

    private static readonly Dictionary<string, (string File, string Text)[]> s_samples = new()
    {
        ["ml-1m"] =
        [
            ("interactions.tsv.gz", "user_id\tmovie_id\trating\tseq\n" + Repeat(20, i => $"1\t{i % 2 + 1}\t{i % 5 + 1}\t{i}\n")),
            ("users.dat", "1::F::1::10::48067\n"),
            ("movies.dat", "1::Toy Story (1995)::Animation|Children's\n2::Amélie (2001)::Comedy\n"),
        ],
        ["ml-1m-random"] =
        [
            ("interactions.tsv.gz", "user_id\tmovie_id\trating\tseq\n" + Repeat(20, i => $"1\t{i % 2 + 1}\t{i % 5 + 1}\t{i}\n")),
            ("users.dat", "1::F::1::10::48067\n"),
            ("movies.dat", "1::Toy Story (1995)::Animation|Children's\n2::Amélie (2001)::Comedy\n"),
        ],
        ["ml-1m-binary"] =
        [
            ("interactions.tsv.gz", "user_id\tmovie_id\trating\tseq\n" + Repeat(40, i => $"1\t{i % 2 + 1}\t{i % 5 + 1}\t{i}\n")),
            ("users.dat", "1::F::1::10::48067\n"),
            ("movies.dat", "1::Toy Story (1995)::Animation|Children's\n2::Amélie (2001)::Comedy\n"),
        ],
        ["ml-1m-grouplens"] =
        [
            ("ratings.dat", Repeat(20, i => $"1::{i % 2 + 1}::{i % 5 + 1}::{978300000 + i}\n")),
            ("users.dat", "1::F::1::10::48067\n"),
            ("movies.dat", "1::Toy Story (1995)::Animation|Children's\n2::Amélie (2001)::Comedy\n"),
        ],
        ["ml-100k"] =
        [
            ("u.data", Repeat(20, i => $"1\t{i % 2 + 1}\t{i % 5 + 1}\t{881250949 + i}\n")),
            ("u.user", "1|24|M|technician|85711\n"),
            ("u.item", "1|Toy Story (1995)|01-Jan-1995||http://a/|0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0\n2|Misérables (1995)|01-Jan-1995||http://b/|0|0|0|0|0|0|0|0|1|0|0|0|1|0|0|0|0|0|0\n"),
        ],
        ["ml-25m"] =
        [
            ("ratings.csv", "userId,movieId,rating,timestamp\n" + Repeat(20, i => $"1,{i % 2 + 1},{i % 5 + 0.5},{1147880000 + i}\n")),
            ("movies.csv", "movieId,title,genres\n1,Toy Story (1995),Adventure|Animation\n2,\"American President, The (1995)\",Comedy\n"),
        ],
        ["frappe"] =
        [
            ("frappe.train.libfm.gz", Repeat(8, i => $"{(i % 3 == 0 ? 1 : -1)} {i}:1 962:1 5039:1 5046:1 5053:1 5055:1 5058:1 5060:1 5070:1 5149:1\n")),
            ("frappe.validation.libfm.gz", "1 0:1 962:1 5039:1 5046:1 5053:1 5055:1 5058:1 5060:1 5070:1 5149:1\n"),
            ("frappe.test.libfm.gz", "-1 0:1 962:1 5039:1 5046:1 5053:1 5055:1 5058:1 5060:1 5070:1 5149:1\n"),
        ],
        ["amazon-beauty"] =
        [
            ("Beauty.txt", "1 1 2 3 4 5\n2 4 6 7 8\n3 9 10 11 12 13\n"),
            ("Beauty_item2attributes.json", "{\"1\": [1, 2], \"4\": [3]}"),
        ],
        ["amazon-electronics"] =
        [
            ("reviews_Electronics_5.json.gz", Repeat(20, i => $"{{\"reviewerID\": \"A{i % 4}\", \"asin\": \"B{i}\", \"overall\": 5.0, \"unixReviewTime\": {1370131200 + i}}}\n")),
            ("meta_Electronics.json.gz", Repeat(20, i => $"{{'asin': 'B{i}', 'title': 'Ken''s', 'categories': [['Electronics', 'GPS {i % 3}']]}}\n")),
        ],
        ["criteo-8k"] =
        [
            ("train.csv", Repeat(8, i => $"{i % 2}{s_criteoRow}")), ("dev.csv", $"1{s_criteoRow}"), ("test.csv", $"0{s_criteoRow}"),
        ],
        ["criteo"] = [("train.txt", Repeat(40, i => $"{i % 2}{s_criteoRow}"))],
        ["avazu"] =
        [
            ("train.gz", "id,click,hour,C1,banner_pos,site_id,site_domain,site_category,app_id,app_domain,app_category,device_id,device_ip,device_model,device_type,device_conn_type,C14,C15,C16,C17,C18,C19,C20,C21\n"
                + Repeat(20, i => $"{i},{i % 2},141021{i % 3:00},1005,0,1fbe01fe,f3845767,28905ebd,ecad2386,7801e8d9,07d7df22,a99f214a,ddd2926e,44956a24,1,2,15706,320,50,1722,0,35,-1,79\n")),
        ],
        ["taobao-ad"] =
        [
            ("raw_sample.csv", "user,time_stamp,adgroup_id,pid,nonclk,clk\n" + Repeat(30, i => $"{i % 2},{1494400000 + 10000 * i},{i % 3},430548_1007,{1 - i % 2},{i % 2}\n")),
            ("ad_feature.csv", "adgroup_id,cate_id,campaign_id,customer,brand,price\n0,10,1,1,NULL,170.0\n1,11,1,1,95471,199.5\n2,12,2,1,95471,2\n"),
            ("user_profile.csv", "userid,cms_segid,cms_group_id,final_gender_code,age_level,pvalue_level,shopping_level,occupation,new_user_class_level \n0,0,5,2,5,,3,0,3\n"),
            ("behavior_log.csv", "user,time_stamp,btag,cate,brand\n0,1494300000,pv,10,95471\n1,1494300000,buy,11,NULL\n"),
        ],
        ["flights-3m"] = [],
    };

    public static TheoryData<string, string> Expected => new()
    {
        { "ml-1m", "16/2/2 user:2 movie:3 gender:2 age:2 occupation:2 zip:2 year:3 genres:4" },
        { "ml-1m-random", "16/2/2 user:2 movie:3 gender:2 age:2 occupation:2 zip:2 year:3 genres:4" },
        { "ml-1m-grouplens", "16/2/2 user:2 movie:3 gender:2 age:2 occupation:2 zip:2 year:3 genres:4" },
        { "ml-100k", "16/2/2 user:2 item:3 age_group:2 gender:2 occupation:2 zip:2 year:2 genres:6" },
        { "ml-25m", "16/2/2 user:2 movie:3 year:2 genres:4" },
        { "frappe", "8/1/1 user:9 item:2 daytime:2 weekday:2 isweekend:2 homework:2 cost:2 weather:2 country:2 city:2" },
        { "amazon-beauty", "16/6/6 user:4 item:11 attributes:4" },
        { "amazon-electronics", "24/8/8 user:5 item:16 category:4" },
        { "criteo-8k", "8/1/1 " + string.Join(' ', Criteo(2)) },
        { "criteo", "32/4/4 " + string.Join(' ', Criteo(2)) },
        {
            "avazu",
            "16/2/2 hour:4 weekday:2 is_weekend:2 C1:2 banner_pos:2 site_id:2 site_domain:2 site_category:2 app_id:2 app_domain:2 app_category:2 device_id:2 "
                + "device_ip:2 device_model:2 device_type:2 device_conn_type:2 C14:2 C15:2 C16:2 C17:2 C18:2 C19:2 C20:2 C21:2"
        },
        {
            "taobao-ad",
            "12/9/9 user:1 adgroup_id:1 cate_id:1 campaign_id:1 customer:2 brand:1 pid:2 hour:1 cms_segid:1 cms_group_id:1 final_gender_code:1 age_level:1 "
                + "pvalue_level:1 shopping_level:1 occupation:1 new_user_class_level:1"
        },
        { "flights-3m", "31/15/14 origin:2 destination:3 hour:2 weekday:8 route:3 route_hour:3 route_weekday:15 origin_hour:2 destination_hour:3 distance_bucket:21" },
    };

    [Theory]
    [MemberData(nameof(Expected))]
    public void Run_ASampleInThePublishedFormat_GivesRowsAndVocabularies(string name, string expected)
    {
        using var folder = new TemporaryFolder();
        WriteSample(folder, name);

        DataSchema schema = Run(name, folder).Schema;

        string rows = string.Join('/', Enum.GetValues<DataSplit>().Select(schema.RowCount));
        Assert.Equal(expected, $"{rows} {string.Join(' ', schema.Vocabularies.Select(field => $"{field.Key}:{field.Value}"))}");
    }

    [Fact]
    public void Configs_OfFiles_HaveASample()
        => Assert.Equal(
            s_samples.Keys.Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(Repository.PathOf("configs/datasets"), "*.yaml")
                .Where(file => !ConfigNode.Load(file).Has("synthetic"))
                .Select(Path.GetFileNameWithoutExtension)
                .Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("amazon-beauty")]
    [InlineData("amazon-electronics")]
    public void Run_DrawnNegatives_AreNeverBoughtByTheUserAndOneForEachPurchase(string name)
    {
        using var folder = new TemporaryFolder();
        WriteSample(folder, name);
        PreparedDataset dataset = Run(name, folder);

        string[] rows = [.. Enum.GetValues<DataSplit>().SelectMany(split => Prepared.Rows(dataset, split, "label::INTEGER, \"user\", item"))];
        string[] bought = [.. rows.Where(row => row[0] == '1').Select(row => row[2..])];
        string[] drawn = [.. rows.Where(row => row[0] == '0').Select(row => row[2..])];

        Assert.Equal(bought.Length, drawn.Length);
        // Items that no train row has share the unknown id 0 and cannot be told apart.
        Assert.All(drawn.Where(row => !row.EndsWith(" 0", StringComparison.Ordinal)), row => Assert.DoesNotContain(row, bought));
    }

    [Fact]
    public void Run_TaobaoAd_BuildsHistoriesFromTheBehaviourLog()
    {
        using var folder = new TemporaryFolder();
        WriteSample(folder, "taobao-ad");
        PreparedDataset dataset = Run("taobao-ad", folder, "min_count=1");

        Vocabulary categories = dataset.Vocabulary("cate_id");
        long[] users = [.. dataset.Vocabulary("user").IdsOf(["0", "1"])];
        Assert.Equal(
            new[] { $"{users[0]} [{categories.IdOf("10")}]", $"{users[1]} [{categories.IdOf("11")}]" }.Order(StringComparer.Ordinal),
            Prepared.Rows(dataset, DataSplit.Train, "\"user\", category_history").Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_VocabularyOfTheEarliestRows_NeedsASplitByTime()
    {
        using var folder = new TemporaryFolder();
        WriteSample(folder, "ml-1m-random");

        var error = Assert.Throws<ConfigException>(() => Run("ml-1m-random", folder, "vocabulary_share=0.5"));

        Assert.Contains("vocabulary_share: is about the earliest rows", error.Message, StringComparison.Ordinal);
    }

    private static PreparedDataset Run(string name, TemporaryFolder folder, params string[] overrides)
    {
        ConfigNode config = ConfigNode.Load(Repository.PathOf($"configs/datasets/{name}.yaml"), [$"root={folder.Path}", "threads=2", .. overrides]);
        _ = Preparation.Run(config, folder.File("out"));
        return PreparedDataset.Open(folder.File("out"));
    }

    private static void WriteSample(TemporaryFolder folder, string name)
    {
        foreach ((string file, string text) in s_samples[name])
        {
            bool isLatin = file is "movies.dat" or "u.item";
            byte[] bytes = (isLatin ? Encoding.Latin1 : Encoding.UTF8).GetBytes(text);
            using Stream stream = File.Create(folder.File(file));
            using Stream target = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Compress) : stream;
            target.Write(bytes);
        }

        if (name == "flights-3m")
        {
            Prepared.WriteParquet(
                folder, "flights-3m.parquet",
                "SELECT TIMESTAMP '2001-05-01' + INTERVAL (range) DAY AS date, range % 40 AS delay, 100 * range AS distance, 'LAX' AS origin, CASE range % 2 WHEN 0 THEN 'JFK' ELSE 'ATL' END AS destination FROM range(60)");
        }
    }

    private static string Repeat(int count, Func<int, FormattableString> row)
        => string.Concat(Enumerable.Range(0, count).Select(i => row(i).ToString(CultureInfo.InvariantCulture)));

    private static IEnumerable<string> Criteo(int size)
        => Enumerable.Range(1, 13).Select(i => $"I{i}:{size}").Concat(Enumerable.Range(1, 26).Select(i => $"C{i}:{size}"));
}
