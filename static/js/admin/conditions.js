// When a field applies, as staff/admin/conditions.py tells it. Pure.

/**
 * Return the clauses of "group=ITEM|ITEM_GROUP;is_exempt=": other fields, and the values they may have.
 * @param {string} text
 * @returns {Array<[string, string[]]>}
 */
export function clauses(text) {
  return text.split(";").filter(Boolean).map((clause) => {
    const at = clause.indexOf("=");
    return [clause.slice(0, at), clause.slice(at + 1).split("|")];
  });
}

/**
 * Return whether every clause holds; "*" stands for anything but nothing.
 * @param {string} text
 * @param {(name: string) => string} valueOf
 * @returns {boolean}
 */
export function applies(text, valueOf) {
  return clauses(text).every(([name, values]) => {
    const value = valueOf(name);
    return values.includes(value) || (values.includes("*") && value !== "");
  });
}

/**
 * Return what a field must be where another one decides it: "group:BILL_VALUE=AMOUNT,…"; else nothing.
 * @param {string} text
 * @param {(name: string) => string} valueOf
 * @returns {string}
 */
export function followed(text, valueOf) {
  const at = text.indexOf(":");
  const value = valueOf(text.slice(0, at));
  const pair = text.slice(at + 1).split(",").find((one) => one.startsWith(`${value}=`));
  return pair ? pair.slice(value.length + 1) : "";
}

/**
 * Return what stands before the bare name of a field in a row of a grid: "lines-0-" of "lines-0-group".
 * @param {string} name
 * @returns {string}
 */
export function prefix(name) {
  return name.slice(0, name.lastIndexOf("-") + 1);
}
