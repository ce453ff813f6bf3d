namespace RecSys.Torch;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Layers and losses as functions.</summary>
        public static class functional
        {
            private static readonly Operator s_pairwiseInteraction = new("recsys::pairwise_interaction");
            private static readonly Operator s_linearRelu = new("recsys::linear_relu");
            private static readonly Operator s_fieldLinear = new("recsys::field_linear");
            private static readonly Operator s_crossLayers = new("recsys::cross_layers");
            private static readonly Operator s_dotInteraction = new("recsys::dot_interaction");
            private static readonly Operator s_dice = new("recsys::dice");
            private static readonly Operator s_attentionLinear = new("recsys::attention_linear");
            private static readonly Operator s_weightedSegmentSum = new("recsys::weighted_segment_sum");
            private static readonly Operator s_segmentDot = new("recsys::segment_dot");
            private static readonly Operator s_segmentTopk = new("recsys::segment_topk");
            private static readonly Operator s_segmentSoftmax = new("recsys::segment_softmax");
            private static readonly Operator s_gatedRecurrence = new("recsys::gated_recurrence");
            private static readonly Operator s_linear = new("aten::linear");
            private static readonly Operator s_dropout = new("aten::dropout");
            private static readonly Operator s_batchNorm = new("aten::batch_norm");
            private static readonly Operator s_layerNorm = new("aten::layer_norm");
            private static readonly Operator s_prelu = new("aten::prelu");
            private static readonly Operator s_bceWithLogits = new("aten::binary_cross_entropy_with_logits");
            private static readonly Operator s_mseLoss = new("aten::mse_loss");

            /// <summary>input·weightᵀ + bias.</summary>
            /// <param name="input">[…, inputs].</param>
            /// <param name="weight">[outputs, inputs].</param>
            /// <param name="bias">[outputs], or none.</param>
            public static Tensor linear(Tensor input, Tensor weight, Tensor? bias = null) => s_linear.Call(input, weight, bias);

            /// <summary>max(0, input·weightᵀ + bias), with the element-wise work fused on the CPU in fp32. Differentiable once there.</summary>
            /// <param name="input">[…, inputs].</param>
            /// <param name="weight">[outputs, inputs].</param>
            /// <param name="bias">[outputs].</param>
            public static Tensor linear_relu(Tensor input, Tensor weight, Tensor bias) => s_linearRelu.Call(input, weight, bias);

            /// <summary>
            /// input·weightᵀ + bias for an input of field vectors side by side, many of them equal: what a distinct vector of a field adds is
            /// computed once, on the CPU in fp32.
            /// </summary>
            /// <param name="input">[batch, inputs]: fields of <paramref name="width"/> columns each, then any others.</param>
            /// <param name="weight">[outputs, inputs].</param>
            /// <param name="bias">[outputs].</param>
            /// <param name="firsts">
            /// Per field and sample the first sample with the same vector in this field, int32 [fields, batch]; a field whose row begins
            /// with −1 is computed like other columns.
            /// </param>
            /// <param name="width">Columns of a field.</param>
            /// <param name="relu">Whether negative results become 0.</param>
            /// <returns>
            /// [batch, outputs]. Backwards, the first sample with a vector gets the gradient of all samples that share it, and these
            /// get 0. Differentiable once.
            /// </returns>
            public static Tensor field_linear(Tensor input, Tensor weight, Tensor bias, Tensor firsts, long width, bool relu = false)
                => s_fieldLinear.Call(input, weight, bias, firsts, width, relu);

            /// <inheritdoc cref="Tensor.relu"/>
            public static Tensor relu(Tensor input) => input.relu();

            /// <inheritdoc cref="Tensor.softmax"/>
            public static Tensor softmax(Tensor input, long dimension) => input.softmax(dimension);

            /// <summary>
            /// Σ over pairs of fields of the dot product of their vectors, ½ Σ_k [(Σ_f v_fk)² − Σ_f v_fk²]: the second-order term of a
            /// factorisation machine, fused with its gradient.
            /// </summary>
            /// <param name="vectors">[batch, field, dimension].</param>
            /// <returns>
            /// The term, [batch], and the vectors: use these for everything else that is computed from them, and their gradient is
            /// summed in the same pass.
            /// </returns>
            /// <remarks>Rendle, "Factorization Machines", 2010. Differentiable once.</remarks>
            public static (Tensor interaction, Tensor vectors) pairwise_interaction(Tensor vectors) => s_pairwiseInteraction.CallPair(vectors);

            /// <summary>Cross layers x_{l+1} = x_0 ⊙ (W_l·x_l + b_l) + x_l, the element-wise work fused with its gradient on the CPU in fp32.</summary>
            /// <param name="start">x_0, [rows, width].</param>
            /// <param name="first">W_0·x_0 + b_0, [rows, width].</param>
            /// <param name="weights">W_1, W_2, …, [width, width] each.</param>
            /// <param name="biases">b_1, b_2, …, [width] each.</param>
            /// <returns>The last x, [rows, width].</returns>
            /// <remarks>Wang et al., "DCN V2: Improved Deep &amp; Cross Network and Practical Lessons for Web-scale Learning to Rank
            /// Systems", 2021. Differentiable once there.</remarks>
            public static Tensor cross_layers(Tensor start, Tensor first, Tensor[] weights, Tensor[] biases)
                => s_crossLayers.Call(start, first, weights, biases);

            /// <summary>
            /// The dot product of every pair of fields, ⟨v_1, v_0⟩, ⟨v_2, v_0⟩, ⟨v_2, v_1⟩, …: the strictly lower triangle of V·Vᵀ, row by
            /// row, fused with its gradient.
            /// </summary>
            /// <param name="vectors">[batch, field, dimension].</param>
            /// <returns>[batch, field·(field − 1)/2].</returns>
            /// <remarks>Naumov et al., "Deep Learning Recommendation Model for Personalization and Recommendation Systems", 2019.
            /// Differentiable once.</remarks>
            public static Tensor dot_interaction(Tensor vectors) => s_dotInteraction.Call(vectors);

            /// <summary>
            /// x·(p + (1 − p)·α) with p = σ((x − mean) / √(var + eps)), mean and var of every column as in
            /// <see cref="batch_norm"/>; fused with its gradient on the CPU in fp32.
            /// </summary>
            /// <param name="input">[rows, width].</param>
            /// <param name="alpha">α, [width].</param>
            /// <param name="running_mean">[width]; updated while training.</param>
            /// <param name="running_var">[width]; updated while training.</param>
            /// <param name="training">True uses the batch's statistics.</param>
            /// <param name="momentum">Weight of this batch in the running averages.</param>
            /// <param name="eps">Added to the variance.</param>
            /// <remarks>Zhou et al., "Deep Interest Network for Click-Through Rate Prediction", 2018.</remarks>
            public static Tensor dice(
                Tensor input, Tensor alpha, Tensor running_mean, Tensor running_var, bool training, double momentum = 0.01, double eps = 1e-9)
                => s_dice.Call(input, alpha, running_mean, running_var, training, momentum, eps);

            /// <summary>
            /// The first layer of an attention unit over the items of sequences: a linear layer over query, key, query − key and
            /// query · key side by side. On the CPU in fp32 its weight is folded, and what depends on the query alone is computed once per sample.
            /// </summary>
            /// <param name="query">[samples, width].</param>
            /// <param name="keys">[items, width], sample after sample.</param>
            /// <param name="offsets">Where each sample's items start, and their number at the end; int64 [samples + 1].</param>
            /// <param name="weight">[outputs, 4·width].</param>
            /// <param name="bias">[outputs].</param>
            /// <returns>[items, outputs].</returns>
            /// <remarks>Zhou et al., "Deep Interest Network for Click-Through Rate Prediction", 2018. Differentiable once there.</remarks>
            public static Tensor attention_linear(Tensor query, Tensor keys, Tensor offsets, Tensor weight, Tensor bias)
                => s_attentionLinear.Call(query, keys, offsets, weight, bias);

            /// <summary>Σ weight·item over the items of every sample; zero where there are none.</summary>
            /// <param name="weights">[items].</param>
            /// <param name="items">[items, width], sample after sample.</param>
            /// <param name="offsets">As in <see cref="attention_linear"/>.</param>
            /// <returns>[samples, width].</returns>
            public static Tensor weighted_segment_sum(Tensor weights, Tensor items, Tensor offsets)
                => s_weightedSegmentSum.Call(weights, items, offsets);

            /// <summary>The dot product of every item with its sample's query.</summary>
            /// <param name="query">[samples, width].</param>
            /// <param name="items">[items, width], sample after sample.</param>
            /// <param name="offsets">As in <see cref="attention_linear"/>.</param>
            /// <returns>[items].</returns>
            public static Tensor segment_dot(Tensor query, Tensor items, Tensor offsets) => s_segmentDot.Call(query, items, offsets);

            /// <summary>
            /// The items of every sample with the highest scores, in their order; the earlier of two with the same score. Computed on the CPU; no
            /// gradient runs through the choice.
            /// </summary>
            /// <param name="scores">[items]; NaN counts as −∞.</param>
            /// <param name="offsets">As in <see cref="attention_linear"/>.</param>
            /// <param name="k">Most items of a sample, at least 1.</param>
            /// <returns>Their places, int64, and where each sample's begin among them, int64 [samples + 1].</returns>
            public static (Tensor Places, Tensor Offsets) segment_topk(Tensor scores, Tensor offsets, int k) => s_segmentTopk.CallPair(scores, offsets, k);

            /// <summary>Softmax over the items of every sample.</summary>
            /// <param name="scores">[items].</param>
            /// <param name="offsets">As in <see cref="attention_linear"/>.</param>
            /// <returns>[items].</returns>
            public static Tensor segment_softmax(Tensor scores, Tensor offsets) => s_segmentSoftmax.Call(scores, offsets);

            /// <summary>
            /// A gated recurrent unit over sequences packed by step: the first item of every sequence, then the second of every one that has one, and so
            /// on, the longest sequences first. Its states begin as zeros: s′ = s + (1 − u)·(c − s), with the gates r and u = σ(x + W·s + b) and
            /// c = tanh(x + r·(W·s + b)). With attention a it is s′ = s + a·(1 − u)·(c − s). Fused on the CPU in fp32.
            /// </summary>
            /// <param name="inputs">x: what the items give to r, u and c, side by side, [items, 3·width], packed.</param>
            /// <param name="weight">W of r, u and c, [3·width, width].</param>
            /// <param name="bias">b of r, u and c, [3·width].</param>
            /// <param name="counts">Sequences that have each step, never more than before.</param>
            /// <param name="attention">[items], packed; null for none.</param>
            /// <returns>The state after every item, [items, width], packed.</returns>
            /// <remarks>Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine Translation", 2014, with the
            /// parameters of PyTorch's <c>GRU</c>; attention: Zhou et al., "Deep Interest Evolution Network for Click-Through Rate Prediction", 2019.
            /// Differentiable once there.</remarks>
            public static Tensor gated_recurrence(Tensor inputs, Tensor weight, Tensor bias, long[] counts, Tensor? attention = null)
                => s_gatedRecurrence.Call(inputs, weight, bias, attention, counts);

            /// <summary>Zeroes elements at random and scales the others by 1/(1 − p).</summary>
            /// <param name="input">Any shape.</param>
            /// <param name="p">Probability of zero, 0 … 1.</param>
            /// <param name="training">False returns the input.</param>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true) => s_dropout.Call(input, p, training);

            /// <summary>Normalises columns, see <see cref="Modules.BatchNorm1d"/>.</summary>
            /// <param name="input">[batch, features] or [batch, features, length].</param>
            /// <param name="running_mean">[features]; updated while training.</param>
            /// <param name="running_var">[features]; updated while training.</param>
            /// <param name="weight">[features], or none.</param>
            /// <param name="bias">[features], or none.</param>
            /// <param name="training">True uses the batch's statistics.</param>
            /// <param name="momentum">Weight of this batch in the running averages.</param>
            /// <param name="eps">Added to the variance.</param>
            public static Tensor batch_norm(
                Tensor input,
                Tensor? running_mean,
                Tensor? running_var,
                Tensor? weight = null,
                Tensor? bias = null,
                bool training = false,
                double momentum = 0.1,
                double eps = 1e-5)
                => s_batchNorm.Call(input, weight, bias, running_mean, running_var, training, momentum, eps, true);

            /// <summary>Normalises the last dimensions to mean 0 and variance 1.</summary>
            /// <param name="input">[…, shape].</param>
            /// <param name="shape">Sizes of the last dimensions.</param>
            /// <param name="weight">Factors of that shape, or none.</param>
            /// <param name="bias">Summands of that shape, or none.</param>
            /// <param name="eps">Added to the variance.</param>
            public static Tensor layer_norm(Tensor input, long[] shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
                => s_layerNorm.Call(input, shape, weight, bias, eps);

            /// <summary>x where x > 0, else weight·x.</summary>
            /// <param name="input">[batch, features, …].</param>
            /// <param name="weight">[1] or [features].</param>
            public static Tensor prelu(Tensor input, Tensor weight) => s_prelu.Call(input, weight);

            /// <summary>Binary cross-entropy of sigmoid(input), computed without overflow.</summary>
            /// <param name="input">Logits.</param>
            /// <param name="target">Labels 0 … 1, of the same shape.</param>
            /// <param name="weight">Weight of every element, or none.</param>
            /// <param name="reduction">How the elements become the result.</param>
            public static Tensor binary_cross_entropy_with_logits(
                Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
                => s_bceWithLogits.Call(input, target, weight, Argument.None, (long)reduction);

            /// <summary>Squared differences.</summary>
            /// <param name="input">Predictions.</param>
            /// <param name="target">Values, of the same shape.</param>
            /// <param name="reduction">How the elements become the result.</param>
            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
                => s_mseLoss.Call(input, target, (long)reduction);
        }
    }
}
