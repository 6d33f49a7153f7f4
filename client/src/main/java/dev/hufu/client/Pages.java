package dev.hufu.client;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The items of a list of the API, one page after the other as they are used. For one thread. */
final class Pages<T> implements Iterator<T> {
    private final PageSource source;
    private final Function<Json, T> read;
    private Iterator<T> page = List.<T>of().iterator();
    private @Nullable String cursor = "";

    Pages(PageSource source, Function<Json, T> read) {
        this.source = source;
        this.read = read;
    }

    /** Gives the page at a cursor, which is empty for the first. */
    interface PageSource {
        byte[] page(String cursor) throws InterruptedException;
    }

    @Override
    public boolean hasNext() {
        while (!page.hasNext() && cursor != null) {
            Json next;
            try {
                next = Json.object(source.page(cursor));
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                throw new HufuException.Interrupted();
            }
            page = next.objects("items", read).iterator();
            cursor = next.optionalText("nextCursor");
        }
        return page.hasNext();
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return page.next();
    }
}
