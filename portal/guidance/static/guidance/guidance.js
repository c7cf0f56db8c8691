/* Copy buttons: shown where the browser lets a page write to the clipboard. */
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
        const text = document.getElementById(button.dataset.copy).textContent;
        const label = button.firstChild;
        try {
            await navigator.clipboard.writeText(text);
            label.nodeValue = "Copied";
        } catch {
            label.nodeValue = "Copying is not allowed";
        }
        setTimeout(() => { label.nodeValue = "Copy"; }, 2000);
    });
}
