package dev.hufu.server.http;

import dev.hufu.server.store.RunListContract;
import dev.hufu.server.store.RunStore;
import dev.hufu.support.Timers;

final class FakeRunListTest extends RunListContract {
    @Override
    protected RunStore open(Timers clock) {
        return new FakeRunStore();
    }
}
