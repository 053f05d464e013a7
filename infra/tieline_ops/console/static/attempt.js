// Doing something that a system may refuse.
import { tell } from "./parts.js";

/** Do something, show at once what came of it; what is refused is told. */
export async function attempt(context, act) {
  try {
    const made = await act();
    context.refresh();
    return made;
  } catch (error) {
    tell(error.message, "down");
    context.draw();
    return null;
  }
}
