package dev.hufu.it;

import dev.hufu.protocol.TaskState;
import dev.hufu.server.audit.HashChain;
import dev.hufu.server.store.AuditEntry;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.sqlite.SqliteRunStore;
import dev.hufu.support.SystemTimers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The audit log of a server that has ended, read from its store. */
final class AuditedHistory {
    private static final int PAGE = 1_000;

    private final List<HashChain.Link> links = new ArrayList<>();
    private final Map<String, List<String>> actions = new HashMap<>();
    private final Map<String, Integer> terminalChanges = new HashMap<>();

    private AuditedHistory() {}

    static AuditedHistory read(Path data) {
        AuditedHistory history = new AuditedHistory();
        SystemTimers timers = new SystemTimers();
        try (RunStore store = SqliteRunStore.open(data.resolve("hufu.db"), timers, () -> {})) {
            List<AuditEntry> page = store.auditEntries(1, PAGE);
            while (!page.isEmpty()) {
                page.forEach(history::add);
                page = store.auditEntries(page.getLast().sequence() + 1, PAGE);
            }
        } finally {
            timers.stop();
        }
        return history;
    }

    private void add(AuditEntry entry) {
        AuditEvent event = entry.event();
        links.add(new HashChain.Link(
                new HashChain.Content(
                        entry.sequence(), event.at(), event.actor(), event.action(), event.subject(), event.detail()),
                entry.previousHash(),
                entry.hash()));
        actions.computeIfAbsent(event.subject(), _ -> new ArrayList<>()).add(event.action());
        String to = event.detail().get("to");
        if (event.action().startsWith("task.")
                && to != null
                && TaskState.valueOf(to).terminal()) {
            terminalChanges.merge(event.subject(), 1, Integer::sum);
        }
    }

    /** Where the hash chain is broken; empty where all is well. */
    OptionalLong firstBroken() {
        return HashChain.firstBroken(links, 1, HashChain.GENESIS);
    }

    List<String> actions(String subject) {
        return actions.getOrDefault(subject, List.of());
    }

    int terminalChanges(String task) {
        return terminalChanges.getOrDefault(task, 0);
    }
}
