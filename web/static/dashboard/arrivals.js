/** What is new on the first page: marked, announced; what waits for an answer is counted in the page's title. */

let known = numbers();

function numbers() {
  return new Set([...document.querySelectorAll("#board [data-number]")].map((row) => row.dataset.number));
}

function titleOf(row) {
  return `${row.querySelector(".grade").textContent} ${row.querySelector("h2").textContent.trim().replace(/\s+/g, " ")}`;
}

document.addEventListener("escalator:live", () => {
  const present = numbers();
  const arrived = [...present].filter((number) => !known.has(number)).map((number) => document.getElementById(`row-${number}`));
  known = present;
  for (const row of arrived) row.classList.add("arrived");
  if (arrived.length) {
    const more = arrived.length > 1 ? `, and ${arrived.length - 1} more` : "";
    document.getElementById("arrivals").textContent = `New: ${titleOf(arrived[0])}${more}`;
  }
  const waiting = Number(document.querySelector("#board [data-waiting]").dataset.waiting);
  document.title = document.title.replace(/^(\(\d+\) )?/, waiting ? `(${waiting}) ` : "");
});
