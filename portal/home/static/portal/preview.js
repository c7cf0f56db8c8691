/*
 * Keeps the preview beside a form up to date while somebody types.
 *
 * Without script the button "Preview" posts the form and gets it back, unsaved, with the same panel.
 */
"use strict";

{
    const DELAY = 500; // Milliseconds after the last change.
    const ASK_AGAIN = 2000; // While a worker asks the index.
    const aside = document.querySelector("[data-preview]");
    const form = document.getElementById("integration_form");
    let timer = 0;
    let running = null; // The request under way.

    const part = (name) => aside.querySelector(`[data-preview-${name}]`);

    function show(state, words) {
        aside.dataset.now = state;
        part("status").textContent = words;
    }

    function say(words) {
        if (part("said").textContent !== words) part("said").textContent = words;
    }

    function schedule(delay = DELAY) {
        clearTimeout(timer);
        timer = setTimeout(() => preview("_preview"), delay);
    }

    async function preview(button) {
        clearTimeout(timer);
        running?.abort();
        const mine = new AbortController();
        running = mine;
        show("working", "Working");
        const body = new FormData(form);
        body.append(button, "1");
        try {
            const address = aside.dataset.preview + location.search;
            const answer = await fetch(address, {
                method: "POST",
                body,
                redirect: "manual",
                signal: mine.signal,
            });
            const text = await answer.text();
            if (mine.signal.aborted) return;
            if (answer.type === "opaqueredirect") throw new Error("Log in again in another tab.");
            if (!answer.ok) throw new Error(`The portal answered ${answer.status}.`);
            take(new DOMParser().parseFromString(text, "text/html").querySelector("[data-state]"));
        } catch (error) {
            if (mine.signal.aborted) return;
            const why = error instanceof TypeError ? "The portal did not answer." : error.message;
            show("unknown", `Cannot preview: ${why} You can still save.`);
            say(`Cannot preview: ${why}`);
        } finally {
            if (running === mine) running = null;
        }
    }

    /* Put what came into the page. A form with mistakes leaves the last good preview in place. */
    function take(found) {
        const { state, status, tally } = found.dataset;
        const keeps = state === "invalid" && part("body").childElementCount > 0;
        const open = new Set(opened().map((one) => one.dataset.keep));
        if (!keeps) part("body").replaceChildren(...found.querySelector("[data-preview-body]").childNodes);
        part("notice").replaceChildren(...found.querySelector("[data-preview-notice]").childNodes);
        for (const one of aside.querySelectorAll("details[data-keep]")) {
            one.open = open.has(one.dataset.keep);
        }
        show(state, status);
        if (!keeps) tallies(tally);
        const summary = keeps ? null : part("summary");
        say(summary ? summary.textContent : status);
        if (state === "asking") schedule(ASK_AGAIN);
    }

    function opened() {
        return [...aside.querySelectorAll("details[data-keep][open]")];
    }

    function tallies(text) {
        for (const one of document.querySelectorAll("[data-preview-tally]")) one.textContent = text && `: ${text}`;
    }

    function start() {
        const ready = aside.querySelector("[data-state]").dataset.state;
        aside.dataset.now = ready;
        form.addEventListener("input", () => schedule());
        form.addEventListener("change", () => schedule());
        document.addEventListener("formset:added", () => schedule());
        document.addEventListener("formset:removed", () => schedule());
        // The lists with suggestions tell of a choice through jQuery alone.
        window.django?.jQuery?.(form).on("change", "select", () => schedule());
        aside.addEventListener("click", (event) => {
            const button = event.target.closest("button[name]");
            if (!button) return;
            event.preventDefault();
            preview(button.name);
        });
        if (ready === "asking") schedule(ASK_AGAIN);
    }

    if (aside && form) start();
}
