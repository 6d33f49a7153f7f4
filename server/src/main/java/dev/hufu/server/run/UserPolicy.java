package dev.hufu.server.run;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whom runs may have as their user: the node's own, and those that are named in the configuration, in just that spelling.
 *
 * @param own the names and numbers of the node's own user
 * @param allowed names, {@code uid} or {@code uid:gid}
 */
public record UserPolicy(Set<String> own, Set<String> allowed) {
    /** Nobody but the node's own user, who has no name here. */
    public static final UserPolicy NOBODY_ELSE = new UserPolicy(Set.of(), Set.of());

    public UserPolicy {
        own = Set.copyOf(own);
        allowed = Set.copyOf(allowed);
    }

    /** Whether this is somebody else than the node's own user. */
    boolean isOther(@Nullable String user) {
        return user != null && !own.contains(user);
    }

    boolean allows(@Nullable String user) {
        return user == null || own.contains(user) || allowed.contains(user);
    }
}
