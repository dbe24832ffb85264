// Questions answered on their page, predictions committed before their answer is read, and what a reader has done so far.
// All of it stays in the reader's browser.

// What `check` says of an answer: points, lines, and whether it is right. Letters as text, numbers as a list.
const judgeAnswer = (about, answer) => {
  if (about.table) return about.said[about.table[[...new Set(answer)].sort().join("")] ?? 0];
  const close = (given, value, { rtol, atol }) => Math.abs(given - value) <= atol + rtol * Math.abs(value);
  const [right] = about.known;
  return (
    about.known.find((one) => one.values.every((value, i) => close(answer[i], value, one)))?.said ??
    (right.values.some((value, i) => close(answer[i], value, right)) ? about.partly : about.other)
  );
};

// A number as people write it: 0.25, .25, 0,25, 1/4, 25 %, 2.5e-1, −3, 1 842, 1,842.5. It is read as betabin.checks reads a
// text; what is no number, or may be two, gives a word that says why.
const readNumber = (text, percent) => {
  let clean = text.replace(/[−–‐]/g, "-").replace(/[\s\u00a0\u2009\u202f]+/g, " ").replace(/’/g, "'");
  clean = clean.replace(/^[()[\]"`' ]+|[()[\]"`' ]+$/g, "").replace(/^[≈~=]\s*/, "");
  const share = clean.match(/^(.*?) ?(?:%|per ?cent)$/i);
  const parts = (share ? share[1] : clean).split(/ ?[/÷] ?/).map(readPlain);
  const refused = parts.find((part) => typeof part === "string");
  if (refused) return refused;
  if (parts.length > 2) return "number";
  const value = (parts.length === 2 ? parts[0] / parts[1] : parts[0]) / (share && !percent ? 100 : 1);
  return Number.isFinite(value) ? value : "number";
};

const readPlain = (part) => {
  let plain = part.replace(/^([+-]) /, "$1").replace(/ ?[*×·x] ?10 ?(?:\^|\*\*) ?([+-]?[0-9]+)$/, "e$1");
  if (/^[+-]?[1-9][0-9]{0,2},[0-9]{3}$/.test(plain)) return "comma";
  if (/^[+-]?[1-9][0-9]{0,2}(?:[ '_][0-9]{3})+(?:[.,][0-9]+)?$/.test(plain)) plain = plain.replace(/[ '_]/g, "");
  else if (/^[+-]?[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+\.[0-9]+|(?:,[0-9]{3}){2,})$/.test(plain)) plain = plain.replace(/,/g, "");
  else if (/^[+-]?[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+,[0-9]+|(?:\.[0-9]{3}){2,})$/.test(plain)) plain = plain.replace(/\./g, "");
  return /^[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:e[+-]?[0-9]+)?$/i.test(plain) ? Number(plain.replace(",", ".")) : "number";
};

if (typeof module === "object") module.exports = { judgeAnswer, readNumber };
else {
  const KEY = "em-at-bat";
  const kept = (() => {
    try {
      const found = JSON.parse(localStorage.getItem(KEY));
      return Object.fromEntries(Object.entries(found ?? {}).filter(([, entry]) => entry?.answer));
    } catch {
      return {}; // no storage, or somebody else's: everything works, and nothing is kept
    }
  })();
  const keep = (name, value) => {
    kept[name] = value;
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // full, or forbidden
    }
  };
  // A stored answer belongs to the question as it stood.
  const digest = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt()) | 0, 7);

  const tick = (form, said) => {
    const heading = form.closest("section")?.querySelector("h2");
    if (!heading) return;
    heading.querySelector(".tick")?.remove();
    const mark = Object.assign(document.createElement("span"), { className: "tick", textContent: said[2] ? " ✓" : " ·" });
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", said[2] ? "answered and right" : "answered");
    heading.append(mark);
  };

  const bringForm = (form) => {
    const about = JSON.parse(form.dataset.about);
    const version = digest(form.dataset.about);
    const output = form.querySelector("output");
    const inputs = [...form.querySelectorAll("input")];
    const letters = Boolean(about.table);
    const given = () =>
      letters
        ? inputs.filter(({ checked }) => checked).map(({ value }) => value)
        : inputs.map(({ value }) => readNumber(value, about.percent));
    const tell = (said) => {
      output.textContent = said[1].map((line) => line.trim()).join("\n");
      output.className = said[2] ? "right" : said[0] ? "partly" : "wrong";
      tick(form, said);
    };
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const answer = given();
      const refused = letters ? answer.length === 0 : answer.find((value) => typeof value === "string");
      if (refused) {
        output.textContent = letters ? "Choose first." : about.unread[refused];
        output.className = "wrong";
        return;
      }
      const said = judgeAnswer(about, answer);
      tell(said);
      keep(about.name, { version, answer, right: said[2], page: location.pathname, title: document.title });
    });
    const before = kept[about.name];
    if (!before) return;
    if (before.version !== version || !Array.isArray(before.answer)) {
      delete kept[about.name];
      return;
    }
    inputs.forEach((input, i) => {
      if (letters) input.checked = before.answer.includes(input.value);
      else input.value = before.answer[i];
    });
    tell(judgeAnswer(about, before.answer));
  };

  // A prediction: its options become buttons, and its answer, with what gives it away, waits until one is chosen.
  const bringPrediction = (box) => {
    const list = box.querySelector("ol");
    const hidden = [];
    let answer;
    // From the first thing that gives it away, all waits: what stands in between speaks of it.
    for (let next = box.nextElementSibling; next && !next.matches(".predict"); next = next.nextElementSibling) {
      if (hidden.length || next.matches(".answer, .tag_reveals")) hidden.push(next);
      if (next.matches(".answer")) {
        answer = next;
        break;
      }
    }
    if (!list || !answer) return;
    const right = Number(answer.querySelector(".admonition-title").textContent.match(/\d+/)?.[0]);
    const name = `predict ${box.id || box.querySelector(".admonition-title").id || digest(box.textContent)}`;
    const version = digest(box.textContent);
    const fieldset = document.createElement("fieldset");
    fieldset.className = "prediction";
    fieldset.innerHTML = "<legend>Your prediction</legend>";
    const options = [...list.children].map((item, i) => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name, value: String(i + 1) });
      const words = document.createElement("span");
      words.append(...item.childNodes);
      label.append(input, `${i + 1}.`, words); // by its number the answer speaks of it
      fieldset.append(label);
      return input;
    });
    list.replaceWith(fieldset);
    const show = Object.assign(document.createElement("button"), { type: "button", textContent: "Show the answer" });
    const output = document.createElement("output");
    output.setAttribute("role", "status");
    fieldset.after(show, output);
    const open = (open) => hidden.forEach((part) => part.classList.toggle("waiting", !open));
    open(false);
    const reveal = (chosen) => {
      const focused = [show, ...options].includes(document.activeElement);
      open(true);
      show.remove();
      output.tabIndex = -1;
      if (focused) output.focus(); // what had the focus is gone, and the keyboard goes on from here
      if (!chosen) return;
      output.textContent = chosen === right ? `${chosen} it is. Read on.` : `You said ${chosen}; the answer is ${right}. Read why ${chosen} tempts.`;
      output.className = chosen === right ? "right" : "wrong";
    };
    const commit = () => {
      const chosen = Number(options.find(({ checked }) => checked)?.value ?? 0);
      reveal(chosen);
      options.forEach((option) => (option.disabled = true));
      if (!chosen) return;
      keep(name, { version, answer: chosen, right: chosen === right, page: location.pathname, title: document.title });
    };
    show.addEventListener("click", commit);
    // On their way through the options, arrows choose each of them: only Enter, the space bar or the button commits.
    let onTheWay = false;
    fieldset.addEventListener("pointerdown", () => (onTheWay = false));
    fieldset.addEventListener("change", () => onTheWay || commit());
    fieldset.addEventListener("keydown", (event) => {
      onTheWay = event.key.startsWith("Arrow");
      if (![" ", "Enter"].includes(event.key) || !event.target.checked) return;
      event.preventDefault();
      commit();
    });
    // A link to a figure or an equation that waits asks to see it.
    const asked = () => {
      const target = document.getElementById(location.hash.slice(1));
      if (!hidden.some((part) => part.matches(".waiting") && part.contains(target))) return;
      reveal(0);
      target.scrollIntoView();
    };
    addEventListener("hashchange", asked);
    asked();
    const before = kept[name];
    if (before?.version === version) {
      options[before.answer - 1].checked = true;
      options.forEach((option) => (option.disabled = true));
      reveal(before.answer);
    }
  };

  // On the first page: where the reader left off, and a way to forget it all. In the contents: how many are right.
  const showProgress = () => {
    const done = Object.values(kept);
    for (const link of document.querySelectorAll(".bd-sidebar-primary a[href*='.html'], .bd-sidebar-primary a.current")) {
      const path = new URL(link.href, location.href).pathname;
      const right = done.filter((entry) => entry.page === path && entry.right).length;
      if (!right) continue;
      const mark = Object.assign(document.createElement("span"), { className: "tick", textContent: ` ✓${right}` });
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", `${right} answered and right`);
      link.append(mark);
    }
    const place = document.querySelector("#front-picture");
    const last = done.at(-1);
    if (!place || !last) return;
    const line = document.createElement("p");
    line.className = "go-on";
    const link = Object.assign(document.createElement("a"), { href: last.page, textContent: `Go on here: ${last.title.split(" — ")[0]}` });
    const forget = Object.assign(document.createElement("button"), { type: "button", textContent: "Forget my answers" });
    forget.addEventListener("click", () => {
      localStorage.removeItem(KEY);
      line.remove();
      document.querySelectorAll(".bd-sidebar-primary .tick").forEach((mark) => mark.remove());
    });
    line.append(link, " ", forget);
    document.querySelector(".doors").after(line);
  };

  document.querySelectorAll("form.answer").forEach(bringForm);
  document.querySelectorAll(".admonition.predict").forEach(bringPrediction);
  showProgress();
}
