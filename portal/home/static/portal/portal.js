/* Refreshes the progress of a run. Without script the page reloads itself (see runs/detail.html). */
"use strict";

{
    const progress = document.querySelector("[data-refresh]");

    async function refresh() {
        const response = await fetch(progress.dataset.refresh, { redirect: "error" });
        if (!response.ok) throw new Error(`status ${response.status}`);
        const found = new DOMParser().parseFromString(await response.text(), "text/html");
        const state = found.querySelector("[data-status]").dataset.status;
        if (state === "over") {
            location.reload();
            return;
        }
        progress.replaceChildren(...found.body.childNodes);
        setTimeout(refresh, Number(progress.dataset.every));
    }

    function refreshOrWait() {
        refresh().catch(() => setTimeout(refreshOrWait, 5000));
    }

    if (progress) setTimeout(refreshOrWait, Number(progress.dataset.every));
}
