import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.types.Password;

/** What is asked of the clients' properties. A client is "producer", "consumer" or "admin". */
public final class Properties {
    static { // defaults are classes, which Kafka looks for there first
        Thread.currentThread().setContextClassLoader(Properties.class.getClassLoader());
    }

    private Properties() { }

    /** A client's properties: name, type, default, and what its validator says that it allows, separated by bars. */
    public static String list(String[] args) {
        List<String> all = new ArrayList<>();
        for (ConfigDef.ConfigKey key : new TreeMap<>(def(args[0]).configKeys()).values()) {
            Object value = key.defaultValue == ConfigDef.NO_DEFAULT_VALUE ? "" : shown(key.defaultValue);
            all.add(String.join("|", key.name, key.type.toString(), value.toString(), Objects.toString(key.validator, "").replace('\n', ' ')));
        }
        return String.join("\t", all);
    }

    /** What a client makes of the last value, or an exception where it refuses one: client, and names and values in turn. */
    public static String read(String[] args) {
        Map<String, Object> props = new TreeMap<>();
        props.put("bootstrap.servers", "localhost:9092");
        String bytes = "org.apache.kafka.common.serialization.ByteArray";
        if (args[0].equals("producer")) {
            props.put("key.serializer", bytes + "Serializer");
            props.put("value.serializer", bytes + "Serializer");
        }
        if (args[0].equals("consumer")) {
            props.put("key.deserializer", bytes + "Deserializer");
            props.put("value.deserializer", bytes + "Deserializer");
        }
        for (int i = 1; i < args.length; i += 2) {
            props.put(args[i], args[i + 1]);
        }
        String name = args[args.length - 2];
        AbstractConfig config = config(args[0], props);
        if (name.equals("bootstrap.servers")) {
            return ClientUtils.parseAndValidateAddresses(config.getList(name), config.getString("client.dns.lookup")).toString();
        }
        if (name.equals("partitioner.class")) {
            return config.getConfiguredInstance(name, Partitioner.class).toString();
        }
        return shown(config.values().get(name));
    }

    private static String shown(Object value) {
        if (value instanceof Password) {
            return ((Password) value).value();
        }
        if (value instanceof Class) {
            return ((Class<?>) value).getName();
        }
        return String.valueOf(value);
    }

    private static ConfigDef def(String client) {
        switch (client) {
            case "producer":
                return ProducerConfig.configDef();
            case "consumer":
                return ConsumerConfig.configDef();
            default:
                return AdminClientConfig.configDef();
        }
    }

    private static AbstractConfig config(String client, Map<String, Object> props) {
        switch (client) {
            case "producer":
                return new ProducerConfig(props);
            case "consumer":
                return new ConsumerConfig(props);
            default:
                return new AdminClientConfig(props);
        }
    }
}
