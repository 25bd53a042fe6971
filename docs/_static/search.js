// The page "Search". Pagefind finds only pages that have all words of a query, and questions of people have more words than
// their answers. So it is asked for each word by itself, and the pages are ordered here: by the sum of Pagefind's scores,
// more for words in titles and headings, less for pages that are no guides.

const STOP = new Set(
  ("a about an and any are as at automatic automatically be between but by can come could did do does for from get " +
    "give had has have how i if in into is it its like make me mine much my of on or our put set should so some than " +
    "that the their them then there they this to us use using want was we were what when where which who whose why " +
    "will with without would wrong you your")
    .split(" "),
);
// Words of readers, in any form, and the words that the pages have for them.
const ALSO = {
  abort: "cancel",
  asyncio: "async",
  auth: "key",
  conversation: "session",
  env: "environment",
  exception: "error",
  fast: "performance",
  migrate: "move",
  mock: "test",
  picture: "image",
  raise: "error",
  remove: "delete",
  slow: "performance",
  switch: "move",
  upload: "file",
};
const CANDIDATES = 20;
const PAGES = 10;
const SECTIONS = 3;
const WEIGHTS = [
  [/\/(design\/|contributing|changelog|differences|security|stability|performance-)/, 0.5],
  [/\/reference\//, 0.7],
];

const box = document.getElementById("site-search");
const status = document.getElementById("site-search-status");
const list = document.getElementById("site-search-results");
const root = new URL("..", import.meta.url).pathname;
const pagefind = await import(new URL("../pagefind/pagefind.js", import.meta.url));
const { languages } = await (await fetch(new URL("../pagefind/pagefind-entry.json", import.meta.url))).json();
const total = languages.en.page_count;
let latest = 0;

const split = (text) => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
const stem = (word) => word.replace(/(?<=...)(ations?|ing|ed|es|s|e)$/, "");
const also = new Map(Object.entries(ALSO).map(([word, other]) => [stem(word), other]));

function wordsOf(question) {
  const words = split(question);
  const telling = words.filter((word) => !STOP.has(word));
  return [...new Set((telling.length ? telling : words).flatMap((word) => [word, also.get(stem(word)) ?? word]))];
}

/** Pages that have one of the words, best first. */
async function rank(words) {
  const pages = new Map();
  const rarity = new Map();
  for (const word of words) {
    const { results } = await pagefind.search(word);
    rarity.set(word, Math.log(1 + total / (1 + results.length)));
    for (const result of results) {
      const page = pages.get(result.id) ?? { score: 0, hits: [] };
      page.score += result.score;
      page.hits.push(result);
      pages.set(result.id, page);
    }
  }
  const best = [...pages.values()].sort(byScore).slice(0, CANDIDATES);
  const most = best[0]?.score;
  await Promise.all(best.map(async (page) => {
    const { url, meta, anchors } = page.data = await page.hits[0].data();
    const headings = anchors.filter(({ element }) => /^h[2-6]$/i.test(element));
    const heading = Math.max(0, ...headings.map(({ text }) => share(`${meta.title} ${text}`, rarity)));
    page.score += most * 0.5 * (share(meta.title, rarity) + heading);
    // The section of an operation, which the reader calls by its name.
    if (headings.some(({ text }) => text.includes("_") && rarity.has(text))) return;
    for (const [pattern, weight] of WEIGHTS) {
      if (pattern.test(url.slice(root.length - 1))) page.score *= weight;
    }
  }));
  return best.sort(byScore);
}

const byScore = (one, other) => other.score - one.score;

/** The part of the words that a text has; rare words count more. */
function share(text, rarity) {
  const stems = new Set(split(text).map(stem));
  let all = 0;
  let there = 0;
  for (const [word, value] of rarity) {
    all += value;
    if (stems.has(stem(word))) there += value;
  }
  return there / all;
}

/** The sections of a page that have most of the words, best first. */
async function sectionsOf(page) {
  const sections = new Map();
  for (const { sub_results } of await Promise.all(page.hits.map((hit) => hit.data()))) {
    for (const found of sub_results) {
      const section = sections.get(found.url) ?? { ...found, score: 0 };
      const weight = Math.max(...found.weighted_locations.map((place) => place.weight));
      // A second place with the same word tells little.
      section.score += 1 + Math.log10(found.weighted_locations.length) + (weight > 1 ? 1 : 0);
      sections.set(found.url, section);
    }
  }
  return [...sections.values()].sort(byScore).slice(0, SECTIONS);
}

function link(url, text) {
  const made = document.createElement("a");
  made.href = url;
  made.textContent = text;
  return made;
}

async function item(page) {
  const { url, meta } = page.data;
  const made = document.createElement("li");
  const heading = document.createElement("h2");
  heading.append(link(url, meta.title));
  made.append(heading);
  for (const section of await sectionsOf(page)) {
    const part = document.createElement("p");
    if (section.url !== url && section.title !== meta.title) part.append(link(section.url, section.title), " ");
    const excerpt = document.createElement("span");
    excerpt.innerHTML = section.excerpt; // Pagefind has escaped all but its own <mark>.
    part.append(excerpt);
    made.append(part);
  }
  return made;
}

async function search(question) {
  const own = ++latest;
  const words = wordsOf(question);
  status.textContent = words.length ? "Searching" : "";
  const pages = await rank(words);
  if (own !== latest) return; // More was typed meanwhile.
  const items = await Promise.all(pages.slice(0, PAGES).map(item));
  if (own !== latest) return;
  list.replaceChildren(...items);
  list.dataset.question = question;
  status.textContent = question.trim() && !pages.length ? "No page has any of these words." : "";
}

let pause;
box.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(() => {
    history.replaceState(null, "", `?${new URLSearchParams({ q: box.value })}`);
    search(box.value);
  }, 100);
});
// More may have been typed while this was loading.
box.value ||= new URLSearchParams(location.search).get("q") ?? "";
if (!box.value) box.focus();
search(box.value);
