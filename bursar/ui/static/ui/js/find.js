// What is typed, and which entries that may mean. The server ranks by the same keys in the same three ways
// (actions/finding.py), and writes them beside each entry; no letter waits for an answer.

/** As the server folds it. @param {string} text */
export function fold(text) {
  const bare = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return bare.replace(/[^\p{L}\p{N}&]+/gu, " ").trim();
}

/** 0 is the nearest; -1 does not fit at all. @param {HTMLElement} entry @param {string} text */
export function rank(entry, text) {
  const { code = "", starts = "", words = "" } = entry.dataset;
  if (!text || text === code) return 0;
  const steps = starts.split("|");
  const step = steps.findIndex((texts) => texts.split(";").some((one) => one.startsWith(text)));
  if (step >= 0) return step + 1;
  const known = words.split(" ");
  const fits = text.split(" ").every((part) => known.some((word) => word.startsWith(part)));
  return fits ? steps.length + 1 : -1;
}

/** Those that fit, the nearest first; among equals their own order stays.
 * @param {HTMLElement[]} entries @param {string} typed */
export function find(entries, typed) {
  const text = fold(typed);
  const ranked = entries.map((entry) => ({ entry, at: rank(entry, text) })).filter(({ at }) => at >= 0);
  return ranked.sort((one, other) => one.at - other.at).map(({ entry }) => entry);
}
