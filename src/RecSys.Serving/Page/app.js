// The page of a server: everything it shows comes from the server's own paths.
const $ = id => document.getElementById(id);
const state = { models: [], counts: null, time: 0 };

const element = (name, text, attributes = {}) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const bytes = count => {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const unit = Math.min(units.length - 1, count > 0 ? Math.floor(Math.log2(count) / 10) : 0);
  return `${(count / 1024 ** unit).toLocaleString('en', { maximumFractionDigits: unit ? 1 : 0 })} ${units[unit]}`;
};

const time = seconds => seconds === null ? '–' : seconds < 0.001 ? `${(seconds * 1e6).toFixed(0)} µs` : seconds < 1 ? `${(seconds * 1e3).toFixed(1)} ms` : `${seconds.toFixed(2)} s`;

async function ask(path, body) {
  const headers = $('key').value ? { Authorization: `Bearer ${$('key').value}` } : {};
  const response = await fetch(path, body === undefined ? { headers } : { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  const text = await response.text();
  if (response.ok) return text;
  let error = `${response.status} ${response.statusText}`;
  try { error = JSON.parse(text).error; } catch { /* not JSON */ }
  throw new Error(error);
}

const askJson = async (path, body) => { const text = await ask(path, body); return text ? JSON.parse(text) : null; };
const model = () => state.models.find(m => m.name === $('model').value);
const widest = shown => shown.sets.reduce((a, b) => b.dimension > a.dimension ? b : a);

function showError(output, error) {
  output.replaceChildren(element('span', error.message, { class: 'error', role: 'alert' }));
}

// ---- models, versions, tables ----

async function loadModels() {
  state.models = await askJson('/v1/models');
  const names = state.models.map(m => m.name);
  const chosen = $('model').value;
  if ([...$('model').options].map(o => o.value).join() !== names.join()) {
    $('model').replaceChildren(...names.map(n => element('option', n, { value: n })));
    $('model').value = names.includes(chosen) ? chosen : names[0];
    showModel();
  }
  showVersions();
}

function showModel() {
  const shown = model();
  if (!shown || !shown.sets.length) return;
  const fields = new Set(widest(shown).fields.map(f => f.name));
  $('feature').replaceChildren(...shown.features.filter(f => f.field && fields.has(f.field)).map(f => element('option', f.name, { value: f.name })));
  $('score-fields').replaceChildren(...shown.features.map(f => {
    const label = element('label', f.kind === 'multi_valued' || f.kind === 'sequence' ? `${f.name}, by commas` : f.name);
    label.append(element('input', undefined, { name: f.name, autocomplete: 'off', 'data-kind': f.kind }));
    return label;
  }));
  $('lookup-result').replaceChildren();
  $('score-result').replaceChildren();
  showTables(shown);
}

function showTables(shown) {
  $('bytes').textContent = `${bytes(shown.embedding_bytes)} of embeddings, ${(shown.full_bytes / shown.embedding_bytes).toFixed(1)} times less than full tables of fp32; ${bytes(shown.vocabulary_bytes)} of vocabularies.`;
  const rows = [];
  for (const set of shown.sets) {
    const tables = new Map();
    for (const field of set.fields) {
      for (const table of field.tables) {
        const known = tables.get(table.name) ?? { ...table, method: field.method, fields: [] };
        known.fields.push(field.name);
        tables.set(table.name, known);
      }
    }
    for (const table of tables.values()) {
      const row = element('tr');
      row.append(element('td', set.name), element('td', table.name), element('td', table.fields.join(', ')), element('td', table.method), element('td', table.precision));
      for (const number of [table.rows.toLocaleString('en'), table.width, bytes(table.bytes)]) row.append(element('td', number, { class: 'number' }));
      rows.push(row);
    }
  }
  $('tables').tBodies[0].replaceChildren(...rows);
}

function showVersions() {
  const shown = model();
  if (!shown) return;
  const focused = document.activeElement?.dataset?.version;
  $('versions').tBodies[0].replaceChildren(...shown.versions.map(version => {
    const isCurrent = version.version === shown.current_version;
    const row = element('tr');
    const action = element('td');
    if (!isCurrent) {
      const button = element('button', `Serve ${version.version}`, { type: 'button', 'data-version': version.version });
      button.addEventListener('click', () => load({ parameters: { version: version.version } }));
      action.append(button);
    }
    row.append(element('td', version.version), element('td', new Date(version.loaded_at).toLocaleString()), element('td', isCurrent ? (shown.is_pinned ? 'serves, stays' : 'serves') : 'kept'), action);
    return row;
  }));
  if (focused) document.querySelector(`[data-version="${focused}"]`)?.focus();
  $('newest').disabled = !shown.is_pinned;
}

async function load(body) {
  try {
    await ask(`/v2/repository/models/${encodeURIComponent($('model').value)}/load`, body);
    await loadModels();
    $('state').textContent = `version ${model().current_version} serves`;
  } catch (error) {
    showError($('state'), error);
  }
}

// ---- traffic ----

function parse(text) {
  const values = { requests: 0, refused: 0, keys: 0, samples: 0, buckets: new Map() };
  for (const line of text.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!match) continue;
    const [, name, labels = '', number] = match;
    const isRequest = /endpoint="\/v1\/(lookup|score)"|\/infer"/.test(labels);
    if (name === 'embed_requests_total' && isRequest) {
      values.requests += +number;
      if (/code="(4|5)/.test(labels)) values.refused += +number;
    }
    if (name === 'embed_lookup_keys_total') values.keys += +number;
    if (name === 'embed_score_samples_total') values.samples += +number;
    if (name === 'embed_request_duration_seconds_bucket' && isRequest) {
      const bound = /le="([^"]+)"/.exec(labels)[1];
      values.buckets.set(bound, (values.buckets.get(bound) ?? 0) + +number);
    }
  }
  return values;
}

function quantile(buckets, before, share) {
  const counts = [...buckets].map(([bound, count]) => [bound === '+Inf' ? Infinity : +bound, count - (before?.get(bound) ?? 0)]);
  const total = counts.at(-1)?.[1] ?? 0;
  if (!total) return null;
  let low = 0, below = 0;
  for (const [bound, count] of counts) {
    if (count >= share * total) return bound === Infinity ? low : low + (bound - low) * (share * total - below) / Math.max(1, count - below);
    [low, below] = [bound, count];
  }
  return low;
}

async function loadTraffic() {
  const counts = parse(await ask('/metrics'));
  const now = performance.now();
  if (state.counts) {
    $('rate').textContent = ((counts.requests - state.counts.requests) * 1000 / (now - state.time)).toFixed(1);
    $('p50').textContent = time(quantile(counts.buckets, state.counts.buckets, 0.5) ?? quantile(counts.buckets, null, 0.5));
    $('p99').textContent = time(quantile(counts.buckets, state.counts.buckets, 0.99) ?? quantile(counts.buckets, null, 0.99));
  }
  $('keys').textContent = counts.keys.toLocaleString('en');
  $('samples').textContent = counts.samples.toLocaleString('en');
  $('refused').textContent = counts.refused.toLocaleString('en');
  [state.counts, state.time] = [counts, now];
}

// ---- look-up and scores ----

async function lookUp() {
  const output = $('lookup-result');
  const byId = $('by').value === 'id';
  const feature = $('feature').value;
  const given = byId ? Number($('value').value) : $('value').value;
  try {
    const found = await askJson('/v1/lookup', { model: $('model').value, features: { [feature]: byId ? { ids: [given] } : { values: [given] } } });
    const { vectors: [vector], statuses: [status] } = found.features[feature];
    const largest = Math.max(...vector.map(Math.abs), 1e-12);
    const bars = element('div', undefined, { class: 'vector', role: 'img', 'aria-label': `Vector of ${vector.length} numbers` });
    for (const number of vector) {
      const height = 50 * Math.abs(number) / largest;
      bars.append(element('span', undefined, { style: `height:${height.toFixed(1)}%;top:${(number < 0 ? 50 : 50 - height).toFixed(1)}%`, class: number < 0 ? 'negative' : 'positive' }));
    }
    const parts = [element('p', `${status}, version ${found.model_version}`), bars, element('p', vector.map(x => x.toFixed(4)).join(' '), { class: 'numbers' })];
    if (status === 'present') {
      const near = await askJson('/v1/neighbors', { model: $('model').value, feature, ...(byId ? { id: given } : { value: given }) });
      const table = element('table');
      table.append(element('caption', 'Nearest', { class: 'hidden' }));
      const head = table.createTHead().insertRow();
      head.append(element('th', 'nearest', { scope: 'col' }), element('th', 'id', { scope: 'col', class: 'number' }), element('th', 'cosine', { scope: 'col', class: 'number' }));
      for (const neighbor of near.neighbors) {
        const row = element('tr');
        row.append(element('td', neighbor.value ?? ''), element('td', neighbor.id, { class: 'number' }), element('td', neighbor.similarity.toFixed(4), { class: 'number' }));
        (table.tBodies[0] ?? table.createTBody()).append(row);
      }
      parts.push(table);
    }
    output.replaceChildren(...parts);
  } catch (error) {
    showError(output, error);
  }
}

async function score() {
  const features = {};
  for (const input of $('score-fields').querySelectorAll('input')) {
    if (input.value === '') continue;
    const kind = input.dataset.kind;
    features[input.name] = kind === 'numeric' ? Number(input.value) : kind === 'categorical' ? input.value : input.value.split(',').map(v => v.trim()).filter(v => v);
  }
  try {
    const reply = await askJson('/v1/score', { model: $('model').value, features });
    $('score-result').replaceChildren(element('strong', `${(100 * reply.scores[0]).toFixed(2)} %`), ` click probability, version ${reply.model_version}`);
  } catch (error) {
    showError($('score-result'), error);
  }
}

// ---- always ----

async function refresh() {
  try {
    await loadModels();
    await loadTraffic();
    const shown = model();
    $('state').textContent = shown?.current_version ? `version ${shown.current_version} serves` : 'no version is loaded';
  } catch (error) {
    showError($('state'), error);
  }
}

const on = (id, event, act) => $(id).addEventListener(event, e => { e.preventDefault(); act(); });
on('lookup-form', 'submit', lookUp);
on('score-form', 'submit', score);
on('newest', 'click', () => load({}));
$('model').addEventListener('change', () => { showModel(); showVersions(); });
$('key').value = sessionStorage.getItem('key') ?? '';
$('key').addEventListener('change', () => { sessionStorage.setItem('key', $('key').value); refresh(); });
await refresh();
setInterval(refresh, 2000);
