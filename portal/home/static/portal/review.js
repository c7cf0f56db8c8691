/*
Comfort on the pages of a proposal: the bar counts what is ticked, ranges are ticked with Shift,
single keys act on the focused item once they are switched on. Nothing here is the only way.
*/
"use strict";

{
    const form = document.getElementById("decide");
    const items = Array.from(document.querySelectorAll(".mx-review"));
    const boxes = Array.from(document.querySelectorAll(".mx-review input[name='item']"));
    const status = document.getElementById("selection");
    const untold = boxes.some((box) => box.defaultChecked) ? "" : status?.innerHTML;
    const approving = form?.querySelector("button[value='approve']");
    const publishing = document.querySelector(".mx-publish .mx-main");

    // --- What is ticked ---
    function ticked() {
        return boxes.filter((box) => box.checked).map((box) => box.value);
    }

    function along(chosen) {
        const needed = boxes
            .filter((box) => box.checked && box.dataset.needs)
            .flatMap((box) => box.dataset.needs.split(" "));
        return new Set(needed.filter((key) => !chosen.includes(key))).size;
    }

    function counted(number) {
        return `${number} ${number === 1 ? "item" : "items"}`;
    }

    function nameButtons(chosen) {
        for (const button of document.querySelectorAll("[data-verb]")) {
            const verb = button.dataset.verb;
            const number = chosen.length + (verb === "Approve" ? along(chosen) : 0);
            button.textContent = `${verb} ${chosen.length ? counted(number) : "selected items"}`;
            button.textContent += button.dataset.more ?? "";
        }
        // One button stands out: what is ticked is to be decided before anything is published.
        approving?.classList.toggle("mx-main", chosen.length > 0);
        publishing?.classList.toggle("mx-main", chosen.length === 0);
    }

    let asked = null;
    let waiting = 0;

    async function tell(chosen) {
        asked?.abort();
        asked = new AbortController();
        const address = `${form.dataset.selection}?item=${chosen.join(".")}`;
        const response = await fetch(address, { signal: asked.signal, redirect: "error" });
        if (!response.ok) throw new Error(`status ${response.status}`);
        status.innerHTML = await response.text();
    }

    function count() {
        if (!status) return;
        const chosen = ticked();
        nameButtons(chosen);
        clearTimeout(waiting);
        if (!chosen.length && untold) {
            asked?.abort();
            status.innerHTML = untold;
            return;
        }
        const more = along(chosen);
        status.textContent = `${chosen.length} selected${more ? ` (+${more})` : ""}`;
        waiting = setTimeout(() => tell(chosen).catch(() => {}), 500);
    }

    // --- Ranges: Shift and a click, or Shift and Space, from the box that was used before ---
    let last = null;

    function range(event) {
        const box = event.target;
        if (event.shiftKey && last && last !== box) {
            const ends = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
            for (const one of boxes.slice(ends[0], ends[1] + 1)) one.checked = box.checked;
        }
        last = box;
        count();
    }

    for (const box of boxes) box.addEventListener("click", range);

    function tickAll(value) {
        for (const box of boxes) box.checked = value;
        count();
    }

    function inPlace(id, act) {
        document.getElementById(id)?.addEventListener("click", (event) => {
            event.preventDefault();
            act();
        });
    }

    inPlace("select-shown", () => tickAll(true));
    inPlace("clear-selection", () => tickAll(false));
    document.getElementById("count-selected")?.remove();

    // --- Moving between items ---
    function heading(item) {
        return item?.querySelector("h3");
    }

    function here() {
        return items.indexOf(document.activeElement?.closest(".mx-review"));
    }

    function go(item) {
        heading(item)?.focus();
        item?.scrollIntoView({ block: "nearest" });
    }

    const isOpen = (item) => "open" in item.dataset;

    function openDecline(item) {
        const box = item.querySelector("input[name='item']");
        if (!box) return;
        tickAll(false);
        box.checked = true;
        count();
        const decline = document.getElementById("decline");
        decline.open = true;
        decline.querySelector("textarea").focus();
    }

    function toggle(item) {
        const box = item.querySelector("input[name='item']");
        if (!box) return;
        box.checked = !box.checked;
        last = box;
        count();
    }

    function unfold(item) {
        const details = item.querySelector(".mx-review-details");
        if (details) details.open = !details.open;
        else item.querySelector(".mx-review-why a[href*='/items/']")?.click();
    }

    const onItem = {
        x: toggle,
        a: (item) => item.querySelector("button[name='approve']")?.click(),
        d: openDecline,
        e: unfold,
    };

    // --- Single keys, off until somebody switches them on ---
    const keys = document.getElementById("keys");
    const keysOn = document.getElementById("keys-on");
    const KEPT = "portal-review-keys";

    const anywhere = {
        j: () => go(items[Math.min(here() + 1, items.length - 1)]),
        k: () => go(items[Math.max(here() - 1, 0)]),
        n: () => {
            const start = here() + 1;
            go([...items.slice(start), ...items.slice(0, start)].find(isOpen));
        },
        "/": () => document.getElementById("find")?.focus(),
        "?": () => {
            keys.open = true;
            keys.querySelector("summary").focus();
        },
    };

    function isField(element) {
        return element.closest("input:not([type='checkbox']), select, textarea, [contenteditable]");
    }

    function press(event) {
        if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
        if (!keysOn.checked) return;
        if (anywhere[event.key]) anywhere[event.key]();
        else if (onItem[event.key] && here() >= 0) onItem[event.key](items[here()]);
        else return;
        event.preventDefault();
    }

    if (keys) {
        keys.hidden = false;
        keysOn.checked = localStorage.getItem(KEPT) === "on";
        keysOn.addEventListener("change", () => {
            localStorage.setItem(KEPT, keysOn.checked ? "on" : "off");
        });
        document.addEventListener("keydown", press);
    }

    // --- On a phone the filters come folded, unless they are in use ---
    const filters = document.querySelector(".mx-filter-more");
    const isUsed = /[?&](kind|group|find|sort)=/.test(location.search);
    if (filters && !isUsed && matchMedia("(max-width: 767px)").matches) filters.open = false;

    // --- A way back from the refusal's form ---
    const decline = document.getElementById("decline");
    decline?.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        decline.open = false;
        decline.querySelector("summary").focus();
    });

    // A browser that comes back to the page ticks what was ticked, after the server told the rest.
    if (status && boxes.some((box) => box.checked !== box.defaultChecked)) count();
}
