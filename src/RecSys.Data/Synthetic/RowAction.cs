namespace RecSys.Data.Synthetic;

/// <summary>Takes a generated row.</summary>
/// <param name="row">Its number.</param>
/// <param name="ids">Its ids, valid during the call.</param>
/// <param name="logit">Its logit without the bias.</param>
internal delegate void RowAction(int row, int[] ids, double logit);
