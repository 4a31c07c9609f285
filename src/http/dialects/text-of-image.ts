/** Where an answer has no place for an image that a model drew: as Markdown whoever shows it can. */
export function toTextOfImage(url: string): string {
  return `![image](${url})`;
}
