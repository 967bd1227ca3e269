"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);

  // Light and dark
  const theme = one("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("reconciler-theme", root.dataset.theme); } catch { /* not kept, then */ }
    nameTheme();
  });
  dark.addEventListener("change", nameTheme);
  nameTheme();
  theme.hidden = false;

  // The command to copy
  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  // Lines: what is kept of each, and where it stood at first
  const text = (node, selector) => node.querySelector(selector)?.textContent ?? "";
  const lines = all("#lines [data-kind]").map((node, index) => ({
    node, index,
    home: node.parentElement,
    all: node.textContent.toLowerCase(),
    kinds: node.dataset.kind.split(" "),
    level: node.dataset.level,
    platform: node.dataset.platform,
  }));
  if (!lines.length) return;
  const groups = all("#lines tbody, #lines details.fold").map((node) => ({
    node,
    number: node.querySelector(".n"),
    total: 0,
    told: node.querySelector(".n").textContent,
    wasOpen: node.open,
  }));
  const groupOf = new Map(groups.map((group) => [group.node, group]));
  for (const line of lines) {
    line.group = groupOf.get(line.node.closest("tbody, details.fold"));
    line.group.total += 1;
  }

  const find = one("find"), level = one("level"), platform = one("platform"), clear = one("clear");
  let kinds = new Set(), sort = "", down = false;

  // Filter
  const chips = all("[data-filter]").map((item) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...item.childNodes);
    item.append(button);
    button.addEventListener("click", () => {
      const kind = item.dataset.filter;
      if (!kinds.delete(kind)) kinds.add(kind);
      changed();
    });
    return { button, kind: item.dataset.filter };
  });
  const filtered = () => Boolean(find.value.trim() || level.value || platform.value || kinds.size);
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const on = filtered();
    let shown = 0;
    for (const group of groups) group.shown = 0;
    for (const line of lines) {
      const fits = (!level.value || line.level === level.value)
        && (!platform.value || line.platform === platform.value)
        && (!kinds.size || line.kinds.some((kind) => kinds.has(kind)))
        && words.every((word) => line.all.includes(word));
      if (line.node.hidden === fits) line.node.hidden = !fits;
      if (fits) { shown += 1; line.group.shown += 1; }
    }
    for (const group of groups) {
      group.node.hidden = !group.shown;
      group.number.textContent = on && group.shown < group.total
        ? `${group.shown.toLocaleString("en")} of ${group.told}` : group.told;
      if (group.wasOpen !== undefined) group.node.open = group.wasOpen || (on && group.shown > 0);
    }
    for (const { button, kind } of chips) button.setAttribute("aria-pressed", String(kinds.has(kind)));
    for (const table of all("#lines table")) table.hidden = !all("tbody:not([hidden])", table).length;
    one("nothing").hidden = shown > 0;
    clear.hidden = !on;
    const total = `${lines.length.toLocaleString("en")} line${lines.length === 1 ? "" : "s"}`;
    one("status").textContent = on ? `${shown.toLocaleString("en")} of ${total}` : total;
  };

  // Order
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const keys = {
    kind: (node) => text(node, ".mark").slice(1),
    model: (node) => text(node, ".name"),
    place: (node) => text(node, ".place"),
    took: (node) => node.querySelector(".took")?.dataset.took ?? "",
  };
  const heads = all("th[data-sort]").map((head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const key = head.dataset.sort;
      if (sort !== key) { sort = key; down = false; } else if (!down) { down = true; } else { sort = ""; down = false; }
      changed();
    });
    return head;
  });
  let sorted = "";
  const order = () => {
    for (const head of heads) {
      if (head.dataset.sort === sort) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    const wanted = sort && `${sort} ${down}`;
    if (wanted === sorted) return;
    sorted = wanted;
    for (const table of all("table.lines")) table.classList.toggle("sorted", Boolean(sort));
    const rows = lines.filter((line) => line.node.tagName === "TR");
    if (sort) {
      for (const row of rows) row.key = keys[sort](row.node);
      rows.sort((a, b) => {
        if (!a.key !== !b.key) return a.key ? -1 : 1; // what has none stands last either way
        return (down ? compare(b.key, a.key) : compare(a.key, b.key)) || a.index - b.index;
      });
    }
    const pieces = new Map();
    for (const row of rows) {
      if (!pieces.has(row.home)) pieces.set(row.home, []);
      pieces.get(row.home).push(row.node);
    }
    for (const [home, nodes] of pieces) home.append(...nodes);
  };

  // The address keeps what was chosen; without a "=" it names one line
  const write = () => {
    const state = new URLSearchParams();
    if (find.value.trim()) state.set("find", find.value.trim());
    if (kinds.size) state.set("kind", [...kinds].join(","));
    if (level.value) state.set("level", level.value);
    if (platform.value) state.set("platform", platform.value);
    if (sort) state.set("sort", down ? `-${sort}` : sort);
    const hash = state.toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.href.split("#")[0]);
  };
  const changed = () => { filter(); order(); write(); };
  const read = () => {
    const hash = location.hash.slice(1);
    const state = new URLSearchParams(hash.includes("=") ? hash : "");
    find.value = state.get("find") ?? "";
    level.value = state.get("level") ?? "";
    if (level.selectedIndex < 0) level.value = "";
    platform.value = state.get("platform") ?? "";
    if (platform.selectedIndex < 0) platform.value = "";
    const known = new Set(chips.map((chip) => chip.kind));
    kinds = new Set((state.get("kind") ?? "").split(",").filter((kind) => known.has(kind)));
    const key = state.get("sort") ?? "";
    down = key.startsWith("-");
    sort = key.replace("-", "");
    if (!heads.some((head) => head.dataset.sort === sort)) { sort = ""; down = false; }
    filter();
    order();
    const target = hash && !hash.includes("=") && one(hash);
    if (target) {
      const fold = target.closest("details");
      if (fold) fold.open = true;
      target.scrollIntoView({ block: "center" });
    }
  };
  let waiting = 0;
  find.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(changed, lines.length > 1500 ? 120 : 0); });
  level.addEventListener("change", changed);
  platform.addEventListener("change", changed);
  clear.addEventListener("click", () => {
    find.value = level.value = platform.value = "";
    kinds.clear();
    changed();
    find.focus();
  });
  addEventListener("hashchange", read);
  addEventListener("beforeprint", () => { for (const fold of all("details")) fold.open = true; });
  one("tools").hidden = false;
  read();
})();
