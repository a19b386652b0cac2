// How far raters agree beyond chance: Cohen (1960) for two, Fleiss (1971) for more. Plain functions.

/** Cohen's kappa of two lists of judgements of the same items; NaN where chance alone agrees in all. */
function cohenKappa(first, second) {
  const n = first.length;
  const observed = first.filter((value, i) => value === second[i]).length / n;
  const share = (list, value) => list.filter((other) => other === value).length / n;
  const chance = [...new Set([...first, ...second])].reduce((sum, value) => sum + share(first, value) * share(second, value), 0);
  return (observed - chance) / (1 - chance);
}

/** Fleiss' kappa of `counts` = [[raters an item and category]], every item judged by equally many. */
function fleissKappa(counts) {
  const raters = counts[0].reduce((a, b) => a + b, 0);
  const total = counts.length * raters;
  const agreed = counts.map((item) => (item.reduce((sum, c) => sum + c * c, 0) - raters) / (raters * (raters - 1)));
  const observed = agreed.reduce((a, b) => a + b, 0) / counts.length;
  const shares = counts[0].map((_, k) => counts.reduce((sum, item) => sum + item[k], 0) / total);
  const chance = shares.reduce((sum, share) => sum + share * share, 0);
  return (observed - chance) / (1 - chance);
}

/** One line a tag: {tag, n, raters, kappa}, over the clips that every rater judged. */
function agreementByTag(reviews, tags) {
  const raters = [...new Set(Object.values(reviews).flatMap(Object.keys))].sort();
  const judged = Object.values(reviews).filter((entries) => raters.every((rater) => rater in entries));
  return tags.map((tag) => {
    const has = (rater) => judged.map((entries) => entries[rater].tags.includes(tag));
    const yes = judged.map((entries) => raters.filter((rater) => entries[rater].tags.includes(tag)).length);
    const used = yes.reduce((a, b) => a + b, 0);
    let kappa = NaN;
    if (judged.length && raters.length === 2) kappa = cohenKappa(has(raters[0]), has(raters[1]));
    if (judged.length && raters.length > 2) kappa = fleissKappa(yes.map((count) => [count, raters.length - count]));
    return { tag, n: judged.length, used, raters, kappa };
  });
}
