package dev.hufu.server.store;

/** Hears of what the store's writer does. Called on the writer's thread: returns at once, and throws nothing. */
public interface CommitListener {
    CommitListener NONE = new CommitListener() {
        @Override
        public void committed(int units, long nanos) {}

        @Override
        public void failed(int units) {}
    };

    /** Units of work became durable together, in so much time. */
    void committed(int units, long nanos);

    /** Units of work were taken back. */
    void failed(int units);
}
