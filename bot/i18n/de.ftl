### Deutsch.

## Fehlermeldungen: eine Überschrift, was nicht stimmt, was zu tun ist

empty-prompt = Ungültiger Prompt
    .problem = Der Prompt enthält keine Wörter.
    .remedy = Schreib zuerst, was gezeichnet werden soll, dann die Parameter: `a red fox --ar 3:2`.
no-known-word = Das kennt das Demo-Modell nicht
    .problem = Es zeichnet Emojis und Sticker und findet in diesem Prompt nichts, was es zu zeichnen gelernt hat.
    .remedy = Nenn auf Englisch ein Tier, etwas zu essen, eine Pflanze oder einen Gegenstand{ $examples ->
        [none] .
       *[other] , zum Beispiel { $examples }.
    }
prompt-too-long = Ungültiger Prompt
    .problem = { $what } hat { $length } Zeichen; erlaubt sind { $most }.
    .remedy = Kürze den Text.
too-long-prompt = Der Prompt
too-long-styled = Der Prompt mit seinem Stil
too-long-written = Der Prompt mit deinen Optionen, deinem Suffix und deinen Einstellungen
too-long-together = Alles, was aus diesem Prompt wird,
too-long-negative = Die Liste hinter `--no`
too-many-tokens = Ungültiger Prompt
    .problem = Der Prompt hat mit seinem Stil { $tokens } Tokens (Wörter und Wortteile); das Modell liest höchstens { $most }.
    .remedy = Kürze den Text.
unknown-parameter = Ungültiger Parameter
    .problem = Den Parameter `--{ $flag }` gibt es nicht.
    .remedy = { $suggestion ->
        [none] Verfügbare Parameter: { $known }.
       *[other] Meintest du `--{ $suggestion }`?
    }
invalid-parameter = Ungültiger Parameter
    .problem = `{ $given }` ist kein gültiger Wert für `--{ $flag }`.
    .remedy = Möglich: { $allowed }.
missing-value = Ungültiger Parameter
    .problem = `--{ $flag }` braucht einen Wert.
    .remedy = Möglich: { $allowed }.
repeated-parameter = Ungültiger Parameter
    .problem = `--{ $flag }` kommt mehr als { $most ->
        [1] einmal
       *[other] { $most }-mal
    } vor.
    .remedy = { $most ->
        [1] Behalte nur einen davon.
       *[other] Behalte höchstens { $most } davon.
    }
misplaced-text = Ungültiger Parameter
    .problem = Nach `--{ $flag }` steht Text, der nicht dazugehört: „{ $text }“.
    .remedy = Schreib alle Wörter vor die Parameter.
too-many-open-jobs = Warteschlange voll
    .problem = Bei dir laufen oder warten schon { $open } von { $limit } Aufträgen, und { $wanted } kämen dazu.
    .remedy = { $fits ->
        [yes] Warte, bis ein Auftrag fertig ist, oder brich einen ab.
       *[no] Gib höchstens { $limit } auf einmal in Auftrag.
    }
quota-reached = Kontingent verbraucht
    .problem = { $what ->
        [pictures] Du hast { $period ->
            [hour] in dieser Stunde
            [month] in diesem Monat
           *[day] heute
        } { $used } von { $limit } Bildern verbraucht, und hier kämen { $wanted } dazu.
        [gpu_seconds] Du hast { $period ->
            [hour] in dieser Stunde
            [month] in diesem Monat
           *[day] heute
        } { $used } von { $limit } GPU-Sekunden verbraucht.
       *[cooldown_s] Hier kannst du nur alle { $limit } Sekunden Bilder anfordern.
    }
    .remedy = { $fits ->
        [yes] Weiter geht es <t:{ $at }:R> (<t:{ $at }:f>).
       *[no] Fordere höchstens { $limit } Bilder auf einmal an. Dein Kontingent erneuert sich <t:{ $at }:R>.
    }
job-not-found = Auftrag nicht gefunden
    .problem = Der Auftrag zu diesem Button steht nicht in der Datenbank.
    .remedy = Starte mit `/imagine` einen neuen.
job-not-ready = Noch nicht fertig
    .problem = Dieser Auftrag hat noch keine Bilder.
    .remedy = Versuch es noch einmal, wenn er fertig ist.
job-already-ended = Nichts abzubrechen
    .problem = Dieser Auftrag ist schon beendet.
    .remedy = Es gibt nichts mehr abzubrechen.
not-your-job = Nicht dein Auftrag
    .problem = Nur wer einen Auftrag gestartet hat, kann ihn abbrechen.
    .remedy = Frag diese Person oder jemanden mit dem Recht „Nachrichten verwalten“.
not-permitted = Nicht erlaubt
    .problem = Nur wer diesen Server verwaltet, kann seine Einstellungen ändern.
    .remedy = Frag jemanden mit dem Recht „Server verwalten“.
not-a-member = Nur für Mitglieder
    .problem = Du bist kein Mitglied des Servers mehr, zu dem das gehört.
    .remedy = Tritt ihm wieder bei, oder benutz mich auf einem Server, auf dem du Mitglied bist.
direct-messages-off = Nicht in Direktnachrichten
    .problem = Befehle und Buttons sind in Direktnachrichten ausgeschaltet.
    .remedy = Benutz mich auf einem Server, auf dem ich Mitglied bin.
user-installs-off = Hier nicht verfügbar
    .problem = Ich arbeite nur auf Servern, auf denen ich Mitglied bin.
    .remedy = Benutz mich dort, oder bitte die Serverleitung, mich hinzuzufügen.
cannot-post-here = Ich kann hier nichts posten
    .problem = In diesem Kanal fehlt mir das Recht „{ $permission }“.
    .remedy = Nimm einen anderen Kanal, oder bitte die Serverleitung um das Recht.
too-many-generations = Zu viele Variationen hintereinander
    .problem = Dieses Bild ist schon { $most } Schritte von seinem ersten Prompt entfernt; mehr geht nicht.
    .remedy = Fang mit seinem Prompt und `/imagine` neu an.
no-model = Das Modell ist noch nicht bereit
    .problem = Das Bildmodell wird noch geladen.
    .remedy = Versuch es in einer Minute noch einmal. Dauert es länger, sag es der Person, die diesen Bot betreibt.
database-away = Datenbank nicht erreichbar
    .problem = Die Datenbank antwortet nicht; es lässt sich nichts speichern oder nachsehen.
    .remedy = Versuch es in einer Minute noch einmal.
pictures-away = Bilder nicht erreichbar
    .problem = Wo die Bilder liegen, antwortet niemand; es lässt sich keins lesen oder speichern.
    .remedy = Versuch es in einer Minute noch einmal. Nichts geht verloren: Was gerade gezeichnet wird, wartet darauf.
unexpected = Etwas ist schiefgegangen
    .problem = Auf unserer Seite ist etwas schiefgegangen. Der Fehler wurde protokolliert.
    .remedy = Versuch es noch einmal. Passiert es wieder, sag es der Serverleitung.

## Parameter: was jeder tut, was hinter „Möglich:“ steht, und sein Standard

parameter-aspect = Seitenverhältnis: Breite zu Höhe. Die Fläche bleibt gleich.
    .allowed = zwei ganze Zahlen von 1:{ $widest } bis { $widest }:1, etwa 3:2 oder 139:100
    .default = 1:1
parameter-chaos = Wie verschieden die Bilder eines Rasters sind.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 0
parameter-negative = Was nicht im Bild sein soll.
    .allowed = ein oder mehrere Dinge, durch Kommas getrennt
    .default = nichts
parameter-quality = Wie viel Arbeit in das Bild gesteckt wird: vervielfacht die Zahl der Schritte.
    .allowed = .25, .5, 1, 2 oder 4
    .default = 1
parameter-repeat = Wie viele Aufträge mit diesem Prompt laufen, jeder mit eigenem Seed.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = einmal
parameter-seed = Seed des Zufallsrauschens. Gleicher Prompt, gleiche Parameter und gleicher Seed ergeben gleiche Bilder.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = zufällig
parameter-sameseed = Ein Seed für alle Bilder des Rasters, damit sie sich sehr ähnlich sind.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = zufällig
parameter-stop = Nach so viel Prozent der Schritte aufhören, für ein weicheres Bild.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 100
parameter-stylize = Wie stark das Bild gestaltet wird: mehr Guidance, und mehr von dem, was das Modell schön findet.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 100
parameter-style = Einer der Stile des Modells, oder `raw` für keinen.
    .allowed = der Name eines Stils
    .allowed-names = { $names }
    .default = Standard des Servers
parameter-raw = Folgt dem Prompt genauer, ohne Stil.
    .allowed = kein Wert
    .default = aus
parameter-temperament = Das Temperament von `--stylize`: dem Prompt genau folgen, oder vor allem schöne Bilder machen.
    .allowed = einer von { $names }
    .default = deine Einstellungen
parameter-weird = Wie weit das Bild von dem abweicht, was das Modell gewöhnlich zeichnet.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 0
parameter-tile = Ein nahtloses Bild für Muster: gegenüberliegende Ränder passen aneinander.
    .allowed = kein Wert
    .default = aus
parameter-image_weight = Wie viel die Bild-Prompts zählen; 0 lässt sie weg.
    .allowed = eine Zahl von { $low } bis { $high }
    .default = 1
parameter-version = Welches Modell benutzt wird.
    .allowed = der Name eines Modells
    .default = das erste Modell
parameter-niji = Das Modell namens niji benutzen.
    .allowed = kein Wert, oder eine Zahl, die zum Namen gehört
    .default = aus
parameter-draft = Ein schneller Entwurf: halb so viele Schritte, halbe Fläche.
    .allowed = kein Wert
    .default = aus
parameter-fast = Diesen Auftrag im Fast-Modus ausführen (normale Priorität).
    .allowed = kein Wert
    .default = deine Einstellungen
parameter-relax = Diesen Auftrag im Relax-Modus ausführen (niedrige Priorität).
    .allowed = kein Wert
    .default = deine Einstellungen
parameter-turbo = Diesen Auftrag im Turbo-Modus ausführen (hohe Priorität).
    .allowed = kein Wert
    .default = deine Einstellungen
parameter-stealth = Nur du siehst diesen Auftrag.
    .allowed = kein Wert
    .default = deine Einstellungen
parameter-public = Alle im Kanal sehen diesen Auftrag.
    .allowed = kein Wert
    .default = deine Einstellungen
parameter-exact = Genau diese Zeile zeichnen: dein Suffix, deine Einstellungen und die des Servers ändern kein Bild, und das Demo-Modell lässt kein Wort weg.
    .allowed = kein Wert
    .default = aus
parameter-steps = Die Zahl der Sampling-Schritte.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = vom Modell
parameter-guidance = Die Guidance-Skala, egal was `--stylize` sagt: wie genau dem Prompt gefolgt wird.
    .allowed = eine Zahl von { $low } bis { $high }
    .default = nach `--stylize`
parameter-sampler = Sampling-Verfahren.
    .allowed = { $names }
    .default = vom Modell
parameter-size = Breite und Höhe in Pixeln.
    .allowed = zwei ganze Zahlen, etwa 512x768
    .allowed-sides = Vielfache von { $multiple } von { $low } bis { $high }, etwa { $native }x{ $native }
    .allowed-names = eine von { $names }
    .default = vom Modell
parameter-loras = Eine LoRA (eine kleine Erweiterung des Modells) und ihr Gewicht. Geht auch mehrmals.
    .allowed = ein Name, oder ein Name und ein Gewicht von { $low } bis { $high }, etwa ink:0.8
    .allowed-names = { $names }
    .default = keine
parameter-pictures = Wie viele Bilder gezeichnet werden.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 4

## Das Leben eines Auftrags

status-waiting = (Wartet auf den Start)
status-waiting-for-inference = (Wartet: das Bildmodell ist offline oder ausgelastet; es geht von selbst weiter)
status-waiting-for-pictures = (Wartet: die gespeicherten Bilder sind nicht erreichbar; es geht von selbst weiter)
status-waiting-for-model = (Wartet auf das Bildmodell, das noch lädt; es geht von selbst weiter)
status-stopped = (Abgebrochen)
status-failed = (Fehlgeschlagen)
action-vary = Variationen { $detail ->
        [subtle] (Subtle)
       *[strong] (Strong)
    } von Bild #{ $number } von { $who }
action-reroll = Neu gewürfelt von { $who }
action-upscale = Bild #{ $number } von { $who }
action-enlarge = { $detail ->
        [creative] Hochskaliert (Creative) von { $who }
       *[subtle] Hochskaliert (Subtle) von { $who }
    }
action-region = Variiert (Region) von { $who }
action-zoom = Herausgezoomt von { $who }
action-pan = Nach { $detail ->
        [left] links
        [right] rechts
        [up] oben
       *[down] unten
    } erweitert von { $who }
action-square = Quadratisch gemacht von { $who }
from-picture = aus [diesem Bild]({ $link })
from-grid = aus [diesem Raster]({ $link })
left-out = Das Demo-Modell zeichnet Emojis und Sticker; weggelassen hat es { $words }.
moved = Ich konnte die ursprüngliche Nachricht nicht bearbeiten, deshalb kommt hier eine neue.
job-failed = Auftrag fehlgeschlagen
    .unknown = Der Grund ist unbekannt.
    .our-mistake = Auf unserer Seite ist etwas schiefgegangen. Der Fehler wurde protokolliert.
    .no-place = In dem Kanal, aus dem der Auftrag kam, darf ich nicht schreiben.
    .taken-away = Die Moderation hat das Bild entfernt, mit dem dieser Auftrag beginnt.
    .not-kept = Die Bilder ließen sich nicht speichern: { $reason }
    .not-a-member = Wer den Auftrag gestartet hat, ist kein Mitglied dieses Servers mehr.
    .broke-off = Das Bildmodell ist { $times }-mal mitten in diesem Auftrag ausgefallen.
not-showable = Das Bild lässt sich nicht zeigen
    .taken-away = Die Moderation hat es entfernt.
    .expired = Dieser Server bewahrt Bilder nur eine Zeit lang auf, und die Datei ist weg. Die Buttons zeichnen es aus seinem Rezept neu.
picture-withheld = Das Bild wird hier nicht gezeigt
    .waits = Das Bild wartet auf die Moderation
    .problem = { $reason }
    .remedy = Wenn du das für einen Irrtum hältst, frag die Leute, die diesen Server moderieren.
picture-verdict =
    .explicit = Der Filter findet es anstößig.
    .not-here = Der Filter findet es anstößig, und anstößige Bilder werden nur in altersbeschränkten Kanälen gezeigt.
    .unchecked = Der Filter für anstößige Bilder antwortet nicht, deshalb ließ es sich nicht prüfen. Es wird noch einmal geprüft und dann gezeigt.
    .not-shown = Es wurde nicht freigegeben.
explicit-picture = Ein Bild, das nicht geht
    .problem = { $place ->
        [adults] Der Filter findet ein Bild anstößig, das du mitgebracht hast, und dieser Server erlaubt das hier nicht.
       *[everybody] Der Filter findet ein Bild anstößig, das du mitgebracht hast. Solche Bilder gehen nur in altersbeschränkten Kanälen.
    }
    .remedy = Nimm ein anderes Bild. Wenn du das für einen Irrtum hältst, frag die Leute, die diesen Server moderieren.
filter-away = Das Bild lässt sich nicht prüfen
    .problem = Der Filter für anstößige Bilder antwortet nicht, und ungeprüft gehen Bilder nicht.
    .remedy = Versuch es in einer Minute noch einmal, oder lass das Bild weg.
too-many-policies = Zu viele Orte
    .problem = Höchstens { $most } Kanäle und Kategorien können einen eigenen Filter haben.
    .remedy = Stell eine Kategorie statt ihrer Kanäle ein, oder lass einige wieder dem Server folgen.
filter = Filter für anstößige Bilder
    .changed = Filter für anstößige Bilder: geändert
    .text = Bilder werden geprüft, bevor etwas von ihnen zu sehen ist, auch Vorschauen. Bilder, die Mitglieder mitbringen, werden auch geprüft.
    .adults-only = Anstößige Bilder werden nur in altersbeschränkten Kanälen gezeigt, was auch immer hier eingestellt ist. In anderen Kanälen bedeuten „off“ und „spoiler“: nicht gezeigt. In Direktnachrichten werden sie nur gezeigt, wenn es erlaubt, wer den Bot betreibt.
    .server = Auf dem ganzen Server
    .places = In Kanälen und Kategorien
    .checked-by = Geprüft von
    .nothing-checks = Nichts: Wer den Bot betreibt, hat den Filter ausgeschaltet (`DARKROOM_FILTER`).
filter-policy =
    .off = **off**: In altersbeschränkten Kanälen werden Bilder nicht geprüft. Anderswo werden sie ab { $threshold } % nicht gezeigt.
    .spoiler = **spoiler**: in altersbeschränkten Kanälen hinter einem Spoiler, anderswo nicht gezeigt, ab { $threshold } %
    .review = **review**: gezeigt, wenn die Moderation zustimmt, ab { $threshold } %
    .refuse = **refuse**: nicht gezeigt, ab { $threshold } %
button-cancel = Abbrechen

## Prompts

no-effect = Parameter ohne Wirkung
    .problem = { $why ->
        [no-picture] `--{ $flag }` sagt, wie viel Bild-Prompts zählen, und dieser Prompt hat keinen.
       *[one-picture] `--{ $flag }` sagt, wie verschieden die Bilder eines Rasters sind, und `--n 1` verlangt nur eines.
    }
    .remedy = { $why ->
        [no-picture] Hänge ein Bild als `bild` an, setze einen Link zu einem vor die Wörter, oder lass `--{ $flag }` weg.
       *[one-picture] Lass einen der beiden weg.
    }
conflicting-parameters = Ungültiger Parameter
    .problem = `--{ $flag }` und `--{ $other }` gehen nicht zusammen.
    .remedy = Behalte nur einen davon.
mistyped-parameter = Ungültiger Parameter
    .problem = `{ $written }` ist nicht als Parameter geschrieben.
    .remedy = Meintest du `{ $meant }`? Setz ein Leerzeichen vor die beiden Bindestriche und eines hinter den Namen.
misplaced-link = Ungültiger Link
    .problem = Mitten im Prompt steht ein Link: { $link }
    .remedy = Schreib Links zu Bildern an den Anfang, dann die Wörter.
too-many-links = Ungültiger Link
    .problem = Es sind zu viele Bild-Prompts.
    .remedy = Nimm höchstens { $most }.
too-many-pictures = Zu viele Bilder
    .problem = Zusammen benutzen diese Prompts { $pictures } verschiedene Bilder.
    .remedy = Nimm höchstens { $most } auf einmal.
invalid-link = Ungültiger Link
    .problem = { $link } lässt sich nicht verwenden: { $reason }.
    .remedy = Häng das Bild an, oder verlinke ein öffentliches.
link-scheme = nur einfache https-Links sind erlaubt
link-address = der Link führt zu keiner öffentlichen Adresse
link-redirects = der Link wird zu oft weitergeleitet
link-unreachable = dort ist kein Bild zu finden
link-type = das ist kein PNG, JPEG, WebP oder GIF
link-large = das Bild ist größer als 20 MB
link-pixels = das Bild hat mehr als 50 Millionen Pixel
link-slow = das Laden dauert zu lange
invalid-upload = Ungültiges Bild
    .problem = Die Datei `{ $name }` lässt sich nicht verwenden: { $reason }.
    .remedy = Häng ein PNG, JPEG, WebP oder GIF mit höchstens 20 MB und 50 Millionen Pixeln an.
upload-unreachable = Discord stellt sie nicht mehr bereit
upload-type = sie ist kein PNG, JPEG, WebP oder GIF, oder sie ist beschädigt
upload-large = sie ist größer als 20 MB
upload-pixels = sie hat mehr als 50 Millionen Pixel
upload-slow = das Lesen dauert zu lange
upload-scheme = Discord stellt sie nicht mehr bereit
upload-address = Discord stellt sie nicht mehr bereit
upload-redirects = Discord stellt sie nicht mehr bereit
pictures-busy = Zu viele Bilder
    .problem = Es werden noch andere Bilder gelesen, von dir oder von anderen.
    .remedy = Versuch es in einer Minute noch einmal.
empty-part = Ungültiger Prompt
    .problem = Vor oder nach einem `::` stehen keine Wörter.
    .remedy = Schreib auf beide Seiten Wörter, etwa `hot:: dog::2`.
too-many-parts = Ungültiger Prompt
    .problem = Der Prompt hat { $parts } Teile; erlaubt sind { $most }.
    .remedy = Nimm einige `::` heraus.
weights-cancel = Ungültiger Prompt
    .problem = Die Gewichte ergeben zusammen { $total }; da bleibt nichts zu zeichnen.
    .remedy = Ihre Summe muss deutlich größer als 0 sein.
ambiguous-name = Ungültiger Parameter
    .problem = `{ $typed }` kann mehrere Namen meinen: { $candidates }.
    .remedy = Schreibe einen davon genau so.
unknown-version = Ungültiger Parameter
    .problem = Ein Modell namens `{ $version }` gibt es nicht.
    .remedy = Verfügbare Modelle: { $known }. Nennst du keins, zeichnet dein Standardmodell.
model-cannot = Ungültiger Parameter
    .problem = Das Modell `{ $version }` kann { $what }.
    .remedy = { $able ->
        [none] Das kann hier kein Modell. Lass es weg.
       *[other] Modelle, die das können: { $able }.
    }
unbalanced-braces = Ungültiger Prompt
    .problem = Im Prompt fehlt eine geschweifte Klammer.
    .remedy = Schreib `{"{"}red, green{"}"}` für eine Auswahl, oder `\{"{"}` und `\{"}"}` für die Klammern selbst.
too-many-permutations = Zu viele Aufträge
    .problem = Die Auswahl in geschweiften Klammern und `--repeat` würden mehr als { $most } Aufträge starten.
    .remedy = Nimm weniger: hier sind höchstens { $most } erlaubt.
confirmation-expired = Nichts zu bestätigen
    .problem = Das ist schon beantwortet, älter als ein Tag oder durch eine neuere Frage ersetzt.
    .remedy = Schick den Prompt noch einmal.
confirmation = { $jobs } Aufträge starten?
    .text = { $prompts ->
        [1] Ein Prompt, { $jobs }-mal gezeichnet, mit verschiedenen Seeds:
       *[other] Aus diesem Prompt werden { $prompts } Prompts:
    }
    .more = … und { $count } weitere
    .beyond = Sonst darfst du hier { $limit } auf einmal haben. Diese dürfen alle zugleich warten, und mehr als so viele laufen nicht zugleich.
    .yes = Ja, starten
    .no = Nein
    .started = { $jobs } Aufträge gestartet
    .declined = Nicht gestartet
cannot-tile = keine nahtlosen Bilder zeichnen (`--tile`)
cannot-edit = nicht von einem Bild ausgehen
cannot-lora = keine LoRAs benutzen (`--lora`)
cannot-negative = nichts weglassen (`--no`, negative Gewichte)
cannot-guidance = nicht ändern, wie genau es dem Prompt folgt (`--cfg`)
cannot-steps = die Zahl seiner Schritte nicht ändern (`--steps`, `--quality`)
cannot-draft = nicht schneller oder kleiner zeichnen (`--draft`)
cannot-seed = kein Bild noch einmal gleich zeichnen (`--seed`)
cannot-blend = nicht ändern, wie ähnlich sich seine Bilder sind (`--chaos`, `--sameseed`)
cannot-sampler = den Sampler nicht wechseln (`--sampler`)
cannot-stop = nicht vor dem letzten Schritt aufhören (`--stop`)
cannot-weird = nicht seltsam zeichnen (`--weird`)
cannot-strength = nicht ändern, wie viel es von einem Bild behält (`--iw`)

## Buttons und was sie antworten

mode-fast = fast
mode-relax = relaxed
mode-turbo = turbo
mode-stealth = stealth
seed = Seed { $seed }
action-vary-single = Variationen { $detail ->
        [subtle] (Subtle)
       *[strong] (Strong)
    } von { $who }
button-web = Web
button-vary-subtle = Variieren (Subtle)
button-vary-strong = Variieren (Strong)
button-region = Variieren (Region)
button-upscale-subtle = Hochskalieren (Subtle)
button-upscale-creative = Hochskalieren (Creative)
button-redo-subtle = Neu hochskalieren (Subtle)
button-redo-creative = Neu hochskalieren (Creative)
button-zoom = Herauszoomen { $factor }
button-zoom-custom = Eigener Zoom
button-square = Quadratisch machen
liked = Zu deinen Favoriten hinzugefügt. Drücke noch einmal auf ❤️, um es zu entfernen.
    .not-any-more = Aus deinen Favoriten entfernt. Drücke noch einmal auf ❤️, um es hinzuzufügen.
modal-remix = Remix
modal-zoom = Herauszoomen
modal-region = Variieren (Region)
modal-prompt = Prompt
modal-factor = Zoomfaktor (1,1–2)
modal-part = { $label } ({ $number } von 2)
    .about = { $length } Zeichen sind zu lang für ein Feld ({ $most }), deshalb sind es zwei.
button-edit-prompt = Prompt bearbeiten
button-edit = Bearbeiten
typed-text = Was du eingegeben hast
files-not-kept = Dateien eines abgelehnten Befehls werden nicht behalten. Hänge { $files } mit dem Befehl noch einmal an.
typed-text-lost = Der Text lässt sich nicht öffnen
    .problem = Discord hat die Datei `{ $name }` nicht herausgegeben.
    .remedy = Drücke den Button noch einmal, oder öffne die Datei und kopiere den Text.
region-question = Welcher Bereich soll neu gezeichnet werden?
    .hint = Wähle Felder im Menü. Wenn du das Menü schließt, öffnet sich ein Dialog für den Prompt.
region-cells = Wähle ein oder mehrere Felder
region-cell = Feld { $number }
region-raster = { $raster } × { $raster } Felder
not-offered = Nicht im Menü
    .problem = Dieses Menü bietet das nicht an.
    .remedy = Öffne das Menü noch einmal und wähle daraus.
not-your-buttons = Nicht dein Auftrag
    .problem = Auf diesem Server kann nur, wer einen Auftrag gestartet hat, seine Buttons benutzen.
    .remedy = Starte mit `/imagine` einen eigenen Auftrag.
server-not-served = Nicht auf diesem Server
    .problem = Wer den Bot betreibt, lässt ihn auf diesem Server nicht arbeiten.
    .remedy = Benutze ihn auf einem anderen Server, oder frag die Leute, die ihn betreiben.
blocked = Du bist hier gesperrt
    .problem = Jemand von der Moderation hat dich auf diesem Server für diesen Bot gesperrt{ $until ->
        [none] {""}
       *[other] {" "}bis { $until }
    }.{ $has_reason ->
        [yes] {" "}Grund: { $reason }
       *[no] {""}
    }
    .remedy = { $until ->
        [none] Frage die Moderation dieses Servers.
       *[other] Warte bis dahin oder frage die Moderation dieses Servers.
    }
cannot-block = Nicht gesperrt
    .problem = { $why ->
        [self] Du kannst dich nicht selbst sperren.
        [bot] Ein Bot kann nicht gesperrt werden.
       *[manages] Wer den Server verwalten darf, kann nicht gesperrt werden.
    }
    .remedy = Wähle ein anderes Mitglied.
not-blocked = Nicht gesperrt
    .problem = Dieses Mitglied ist auf diesem Server nicht gesperrt.
    .remedy = Wer gesperrt ist, zeigt dir `/server blocked`.
invalid-duration = Keine solche Dauer
    .problem = „{ $given }“ ist keine Dauer von einer Minute bis zu einem Jahr.
    .remedy = Gib zum Beispiel `30m`, `12h`, `7d` oder `2w` ein; ohne sie hat die Sperre kein Ende.
draw-elsewhere = Nicht in diesem Kanal
    .problem = Auf diesem Server zeichnet der Bot nicht in diesem Kanal.
    .remedy = { $channels ->
        [none] Nimm einen anderen Kanal.
       *[other] Nimm einen von diesen: { $channels }
    }
needs-role = Dafür brauchst du eine Rolle
    .problem = Auf diesem Server können nur Mitglieder mit bestimmten Rollen zeichnen: { $roles }
    .remedy = Bitte einen Admin um eine davon.
buttons-need-role = Nicht dein Auftrag
    .problem = Auf diesem Server kann { $roles ->
        [none] nur, wer einen Auftrag gestartet hat, seine Buttons benutzen.
       *[other] die Buttons fremder Aufträge nur benutzen, wer eine dieser Rollen hat: { $roles }
    }
    .remedy = Starte mit `/imagine` einen eigenen Auftrag.
over-your-bound = Mehr, als du benutzen darfst
    .problem = { $what ->
        [quality] `--q { $given }` ist mehr, als deine Rollen hier erlauben: höchstens `--q { $most }`.
        [steps] { $given } Schritte sind mehr, als deine Rollen hier erlauben: höchstens { $most }.
        [pixels] Ein Bild von { $given } hat mehr Pixel, als deine Rollen hier erlauben: höchstens { $most }.
        [pictures] { $given } Bilder auf einmal sind mehr, als deine Rollen hier erlauben: höchstens { $most }.
        [repeat] `--repeat { $given }` ist mehr, als deine Rollen hier erlauben: höchstens { $most }.
       *[jobs] Ein Prompt für { $given } Aufträge ist mehr, als deine Rollen hier erlauben: höchstens { $most }.
    }
    .remedy = { $what ->
        [quality] Nimm `--q { $most }` oder weniger, oder bitte einen Admin um eine Rolle, die mehr erlaubt.
        [steps] Nimm weniger `--steps` oder ein kleineres `--q`, oder bitte einen Admin um eine Rolle, die mehr erlaubt.
        [pixels] Nimm eine kleinere `--size` oder ein anderes `--ar`, oder bitte einen Admin um eine Rolle, die mehr erlaubt.
        [pictures] Nimm `--n { $most }` oder weniger, oder bitte einen Admin um eine Rolle, die mehr erlaubt.
        [repeat] Wiederhole seltener, oder bitte einen Admin um eine Rolle, die mehr erlaubt.
       *[jobs] Nimm weniger Möglichkeiten in Klammern, oder bitte einen Admin um eine Rolle, die mehr erlaubt.
    }
not-for-your-roles = Nicht für deine Rollen
    .problem = { $what ->
        [turbo] Deine Rollen erlauben hier keinen Turbomodus.
        [stealth] Deine Rollen erlauben hier kein Stealth.
        [uploads] Deine Rollen erlauben hier keine eigenen Startbilder.
        [links] Deine Rollen erlauben hier keine Links zu Bildern.
       *[parameter] Deine Rollen erlauben hier kein `--{ $flag }`.
    }
    .remedy = { $what ->
        [turbo] Nimm `--fast` oder wähle in `/settings` einen anderen Modus.
        [stealth] Nimm `--public` oder wähle in `/settings` öffentlich.
        [uploads] Lass das Bild weg, oder bitte einen Admin um eine Rolle, die es erlaubt.
        [links] Lass den Link weg, oder bitte einen Admin um eine Rolle, die ihn erlaubt.
       *[parameter] Lass es weg, auch in deinem Suffix und deinen Einstellungen, oder bitte einen Admin um eine Rolle, die es erlaubt.
    }
lora-not-for-you = Nicht für deine Rollen
    .problem = Deine Rollen erlauben hier das LoRA „{ $lora }“ nicht.
    .remedy = { $usable ->
        [none] Lass `--lora` weg, oder bitte einen Admin um eine Rolle, die es erlaubt.
       *[other] Nimm eines von diesen: { $usable }
    }
model-not-for-you = Nicht dein Modell
    .problem = Das Modell „{ $model }“ darfst du hier nicht benutzen.
    .remedy = { $usable ->
        [none] Bitte einen Admin um eine Rolle, die ein Modell benutzen darf.
       *[other] Nimm eines von diesen oder wähle es in `/settings`: { $usable }
    }
invalid-bound = Keine solche Grenze
    .problem = „{ $given }“ kann nicht die Grenze für { $what } sein.
    .remedy = { $what ->
        [size] Gib eine Größe wie `1024x1024` ein, `any` für keine Grenze oder `default`, um nichts zu sagen.
        [models] Gib Namen für `--v` mit Kommas dazwischen ein, `any` für alle oder `default`, um nichts zu sagen.
        [loras] Gib Namen von LoRAs mit Kommas dazwischen ein, `any` für alle oder `default`, um nichts zu sagen.
        [without] Gib Parameter mit Kommas dazwischen ein, wie `tile, weird`, oder `default`, um nichts zu sagen.
       *[other] Gib eine Zahl ein, die der Parameter nimmt, `any` für keine Grenze oder `default`, um nichts zu sagen.
    }
not-in-its-server = Hier nicht verfügbar
    .problem = Ein Bild kann nur in die Highlights seines eigenen Servers.
    .remedy = Reagiere dort mit ⭐ auf seine Nachricht.
no-highlights = Nicht in den Highlights
    .problem = { $why ->
        [no-channel] Dieser Server hat keinen Kanal für Highlights, deshalb tut ⭐ hier nichts.
        [no-permission] Ich darf im Kanal für Highlights nicht schreiben.
       *[deleted] Eine Nachricht dieses Auftrags wurde gelöscht, deshalb wird er nicht mehr allen gezeigt.
    }
    .remedy = { $why ->
        [no-channel] Wer den Server verwaltet, kann mit `/server settings` einen wählen.
        [no-permission] Bitte jemanden, der den Server verwaltet, mich dort schreiben zu lassen.
       *[deleted] Zeichne es mit `/imagine` noch einmal.
    }
too-fast = Zu schnell
    .problem = Du sendest Befehle oder drückst Buttons zu schnell; das letzte habe ich ignoriert.
    .remedy = { $seconds ->
        [1] Versuch es in 1 Sekunde noch einmal.
       *[other] Versuch es in { $seconds } Sekunden noch einmal.
    }
shown-already = { $state ->
    [done] Dieses Bild gibt es hier schon: { $link }
   *[unfinished] { $link ->
        [none] Dieses Bild entsteht gerade.
       *[other] Dieses Bild entsteht gerade: { $link }
    }
}
model-cannot-do-this = Nicht mit diesem Modell
    .problem = Das Modell dieses Bildes kann das nicht, oder es ist nicht mehr verfügbar.
    .remedy = Nimm einen anderen Button, oder gib mit `/imagine` ein neues Bild in Auftrag.
one-followup-only = Zu viele Aufträge
    .problem = Ein Button startet einen Auftrag, aber dieser Prompt steht für { $jobs }.
    .remedy = Lass `--repeat` und Auswahlen in Klammern weg, oder nimm `/imagine`.
invalid-factor = Ungültiger Zoom
    .problem = `{ $given }` ist kein gültiger Zoomfaktor.
    .remedy = Der Zoomfaktor muss zwischen 1,1 und 2 liegen, etwa 1,5.
no-room-to-grow = Maximale Größe erreicht
    .problem = Das Bild kann auf dieser Seite nicht größer werden.
    .remedy = Versuch eine andere Seite, oder zoom heraus.
picture-lost = Bild nicht gefunden
    .problem = Die Datei dieses Bildes fehlt.
    .remedy = Drück noch einmal U unter seinem Raster, dann wird das Bild neu gezeichnet.
picture-taken-away = Bild entfernt
    .problem = Die Moderation hat dieses Bild und seine Datei entfernt.
    .remedy = Gib mit `/imagine` ein neues in Auftrag.
cannot-keep = Das Bild lässt sich nicht speichern
    .problem = { $reason }
    .remedy = Sag es der Person, die diesen Bot betreibt.
no-cells-chosen = Nichts ausgewählt
    .problem = Es wurde kein Bereich ausgewählt.
    .remedy = Wähle mindestens ein Feld.

## Parameter anderer Programme: was fehlt, und was stattdessen geht

renamed-parameter = Ungültiger Parameter
    .problem = Einen Parameter `--{ $flag }` gibt es hier nicht. Er heißt `--{ $ours }`.
    .remedy = Nimm `--{ $ours }`. Möglich: { $allowed }.
unsupported-parameter = Ungültiger Parameter
    .problem = Einen Parameter `--{ $flag }` gibt es hier nicht: { $what }.
    .remedy = { $instead }
trailing-sign = Ungültiger Parameter
    .problem = { $sign ->
        [comma] Am Ende von `{ $written }` steht ein Komma.
        [semicolon] Am Ende von `{ $written }` steht ein Strichpunkt.
       *[full-stop] Am Ende von `{ $written }` steht ein Punkt.
    }
    .remedy = Schreibe `{ $meant }`. Zwischen Parametern stehen nur Leerzeichen.
lacks-style-reference = den Stil eines anderen Bildes kann ich nicht übernehmen
    .instead = Beschreibe den Stil mit Worten, oder wähle einen mit `--style`. Um von einem Bild auszugehen, hänge es mit der Option `bild` an.
lacks-character-reference = eine Figur oder ein Ding aus einem anderen Bild kann ich nicht übernehmen
    .instead = Geh von diesem Bild aus: Hänge es mit der Option `bild` an. `--iw` sagt, wie viel es zählt.
lacks-video = Videos kann ich nicht machen
    .instead = Lass ihn weg.
lacks-hd = die Größe wird nicht so gewählt
    .instead = Lass ihn weg, und drücke unter dem fertigen Bild auf Hochskalieren.
lacks-taste = deinen Geschmack lerne ich nicht
    .instead = Nimm `--style` oder `--stylize`. `/prefer suffix` hängt Parameter an alle deine Prompts.
lacks-aesthetics = einen experimentellen Look habe ich nicht
    .instead = Nimm `--stylize` oder `--weird`.
lacks-old-versions = die alten Modelle von Midjourney gibt es hier nicht
    .instead = Wähle ein Modell mit `--v`. `/help` zählt die Modelle auf.
lacks-scheduler = das Modell bestimmt, welche Rauschstufen es benutzt
    .instead = Lass ihn weg. `--sampler` wählt das Sampling-Verfahren.
lacks-clip-skip = das Modell bestimmt, welche Schicht seines Text-Encoders es benutzt
    .instead = Lass ihn weg.
lacks-vae = jedes Modell bringt sein eigenes VAE mit
    .instead = Lass ihn weg. `--v` wählt das Modell.
lacks-denoising = wie viel ein Bild-Prompt zählt, wird andersherum angegeben
    .instead = Nimm `--iw`: je höher, desto mehr bleibt von deinem Bild.
lacks-init-image = Bilder werden nicht so angegeben
    .instead = Hänge das Bild mit der Option `bild` an, oder schreibe seinen Link vor die Wörter.
lacks-control = der Haltung oder den Umrissen eines anderen Bildes kann ich nicht folgen
    .instead = Geh von diesem Bild aus: Hänge es mit der Option `bild` an. `--iw` sagt, wie viel es zählt.
lacks-faces = Gesichter bessere ich nicht nach
    .instead = Lass ihn weg. Variieren (Region) unter einem Bild zeichnet einen Teil davon neu.
lacks-refiner = ich nehme ein Modell für alle Schritte
    .instead = Lass ihn weg. `--v` wählt das Modell.
lacks-variations = Seeds mische ich nicht so
    .instead = Lass ihn weg, und drücke unter dem Raster V1 bis V4 für Variationen.
lacks-embeddings = Textual Inversions und Hypernetworks kann ich nicht benutzen
    .instead = Lass ihn weg, oder nimm eine LoRA: `--lora name:0.8`.
lacks-file-format = das Dateiformat kann man nicht wählen
    .instead = Lass ihn weg.
lacks-words = die Wörter haben keinen Parameter
    .instead = Schreibe zuerst, was gezeichnet werden soll, dann die Parameter: `a red fox --ar 3:2`.

## Texte und Schreibweisen anderer Programme

foreign-syntax = Ungültiger Prompt
    .problem = `{ $written }` ist die Schreibweise eines anderen Programms: { $what }.
    .remedy = { $instead }
untranslated-settings = Ungültiger Prompt
    .problem = Diese Einstellungen aus dem eingefügten Text kann man hier nicht wählen: { $settings }.
    .remedy = Ohne sie sehen die Bilder anders aus. { $fits ->
        [yes] Wenn das in Ordnung ist, schicke dies: `{ $line }`
       *[no] Wenn das in Ordnung ist, lösche sie aus dem Text.
    }
syntax-json = ein Workflow oder Einstellungen als JSON
    .instead = Kopiere nur den Prompt daraus.
syntax-variants = Auswahl mit `|`
    .instead = Schreibe `{"{"}red, blue{"}"}`: Jede Möglichkeit wird ein Auftrag. Lass die Klammern weg oder schreibe `\{"{"}` und `\{"}"}`, wenn du die Zeichen selbst meinst.
syntax-double-braces = Betonung mit geschweiften Klammern
    .instead = Schreibe `(word:1.1)` für Betonung, oder `{"{"}red, blue{"}"}` für eine Auswahl.
syntax-negative-weight = ein negatives Gewicht
    .instead = Schreibe `--no` und das Wort ans Ende, oder gib den Wörtern ein Gewicht: `a fox:: ears::-.5`.
syntax-switch = Wörter, die wechseln, während das Bild entsteht
    .instead = Nimm `{"{"}red, blue{"}"}` für zwei Bilder, `red:: blue` für eine Mischung, `(red:0.8)` für ein Gewicht.
syntax-alternation = Wörter, die sich abwechseln, während das Bild entsteht
    .instead = Nimm `{"{"}red, blue{"}"}` für zwei Bilder, `red:: blue` für eine Mischung.
syntax-break = eine Trennung zwischen zwei Stücken eines Prompts
    .instead = Nimm ein Komma. Wenn du das Wort meinst, schreibe es klein.
syntax-and = mehrere Prompts in einem
    .instead = Schreibe `a cat:: a dog`. Wenn du das Wort meinst, schreibe es klein.
syntax-embedding = eine Textual Inversion, die ich nicht benutzen kann
    .instead = Lass sie weg, oder nimm eine LoRA: `--lora name:0.8`.
syntax-wildcard = ein Platzhalter
    .instead = Schreibe die Möglichkeiten selbst hin: `{"{"}red, blue{"}"}`.
syntax-weight = ein Gewicht außerhalb der Klammern
    .instead = Schreibe `(word:1.3)`.
syntax-weight-before = ein Gewicht vor den Wörtern
    .instead = Schreibe `(word:1.3)`, oder `a fox::2 snow::1`, um Teile des Prompts zu gewichten.
syntax-blend = ein Tausch oder eine Mischung von Prompts
    .instead = Schreibe `a cat:: a dog` für eine Mischung.
syntax-tag = eine Angabe, die ich nicht lesen kann
    .instead = Lass sie weg. Eine LoRA schreibt man `--lora name:0.8` ans Ende des Prompts.

## The first steps of a server

setup = Darkroom auf „{ $server }“ einrichten
    .invited = Du hast mich hinzugefügt, oder dieser Server gehört dir: Das sind die ersten Schritte.
    .text = Jede Wahl gilt sofort. Du kannst jederzeit aufhören; `/server setup` zeigt, was eingestellt ist, und dort geht es weiter.
    .where = **Wo gezeichnet wird:** { $where }
    .everywhere = In allen Kanälen
    .lacks = Mir fehlt: { $names }
    .changed-where = **Geändert:** wo gezeichnet wird.
    .role-bounds = { $count ->
            [0] Keine Rolle hat Grenzen für das, was sie verlangen darf
            [1] 1 Rolle hat Grenzen für das, was sie verlangen darf
           *[other] { $count } Rollen haben Grenzen für das, was sie verlangen dürfen
        }: `/server access show`
    .blocked = { $count ->
            [0] Niemand ist gesperrt
            [1] 1 Mitglied ist gesperrt
           *[other] { $count } Mitglieder sind gesperrt
        }: `/server blocked`
    .how-much = **Wie viel alle zeichnen dürfen:** { $limits }
    .preset = { $kind }: { $amount } Bilder am Tag
    .preset-unlimited = { $kind }: ohne Grenze
    .filter = **Anstößige Bilder:** { $what }
    .filter-places = { $count ->
            [1] 1 Kanal oder Kategorie hat eine eigene Wahl
           *[other] { $count } Kanäle und Kategorien haben eine eigene Wahl
        }: `/server filter`
    .filter-off = off: in altersbeschränkten Kanälen nicht geprüft
    .filter-spoiler = spoiler: in altersbeschränkten Kanälen hinter einem Spoiler
    .filter-review = review: gezeigt, wenn die Moderation zustimmt
    .filter-refuse = refuse: nirgends gezeigt
    .changed-filter = **Geändert:** anstößige Bilder – { $action }.
    .review = **Kanal zum Prüfen:** { $channel }
    .review-without = Ohne ihn werden Bilder abgelehnt, die erst die Moderation sehen soll, und niemand kann melden oder Einspruch erheben. Am besten ist ein privater, altersbeschränkter Kanal.
    .no-review = Kein Kanal zum Prüfen
    .choose-review = Wähl einen Kanal zum Prüfen
    .changed-review = **Geändert:** Die Moderation entscheidet in { $channel }.
    .changed-no-review = **Geändert:** Es gibt keinen Kanal zum Prüfen.
    .review-gone = Den Kanal gibt es nicht mehr. Es wurde nichts geändert.
    .language = **Sprache der Nachrichten**
    .ready = **Bereit:** Tipp { $command } in { $channel } und beschreib ein Bild.
    .nowhere = Es gibt noch keinen Kanal, in dem du zeichnen kannst.
    .draw = Das erste Bild zeichnen
    .open = Einrichten
    .more = **Was hier noch gilt**
    .role-quotas = { $count ->
            [0] Keine Rolle hat ein eigenes Kontingent
            [1] 1 Rolle hat ein eigenes Kontingent
           *[other] { $count } Rollen haben ein eigenes Kontingent
        }: `/server quota show`
    .word-rules = { $count ->
            [0] Keine Regeln zu Wörtern
            [1] 1 Regel zu Wörtern
           *[other] { $count } Regeln zu Wörtern
        }: `/server words list`
    .own-defaults = { $count ->
            [0] Kein Kanal und keine Rolle hat eigene Standards
            [1] 1 Kanal oder Rolle hat eigene Standards
           *[other] { $count } Kanäle und Rollen haben eigene Standards
        }: `/server defaults`
    .finished = Fertige Aufträge { $how }: `/server settings finished`
    .carry = Bilddateien { $what }: `/server settings pictures_carry`
    .doctor = -# Wenn etwas nicht geht, sagt `/server doctor`, warum.
    .changed-preset = **Geändert:** Für alle gelten die Grenzen von „{ $kind }“.
    .changed-language = **Geändert:** Die Nachrichten sind in: { $language }.
    .drawing = **Das erste Bild** wird in { $channel } gezeichnet.
    .asked = { $member } Willkommen! Die ersten Schritte sind hinter diesem Button. Nur wer den Server verwaltet, kann ihn benutzen.
permissions-unknown = Discord antwortet nicht
    .problem = Ich habe Discord gefragt, ob du diesen Server verwaltest, und keine Antwort bekommen. Es wurde nichts geändert.
    .remedy = Versuch es in einer Minute noch einmal, oder nimm `/server setup` auf dem Server selbst.
nowhere-to-draw = Kein Kanal zum Zeichnen
    .problem = In keinem der Kanäle, die du siehst, kann ich Bilder posten.
    .remedy = Öffne in den Einstellungen eines Kanals die Berechtigungen und erlaub meiner Rolle Kanal ansehen, Nachrichten senden, Links einbetten und Dateien anhängen.

## The doctor of a server and of an installation

doctor = Diagnose
    .summary = { $problems ->
        [0] { $warnings ->
            [0] Alles in Ordnung
            [1] 1 Warnung
           *[other] { $warnings } Warnungen
        }
        [1] { $warnings ->
            [0] 1 Problem
            [1] 1 Problem, 1 Warnung
           *[other] 1 Problem, { $warnings } Warnungen
        }
       *[other] { $warnings ->
            [0] { $problems } Probleme
            [1] { $problems } Probleme, 1 Warnung
           *[other] { $problems } Probleme, { $warnings } Warnungen
        }
    }
    .again = Noch einmal prüfen
    .invite = Einladungslink
    .tell-operator = Sag es den Leuten, die den Bot betreiben. `darkroom doctor` zeigt ihnen mehr.
    .left-out = … und { $count } weitere.
doctor-hangs = Die Prüfung „{ $check }“ war nach { $seconds } Sekunden nicht fertig.
    .remedy = Etwas, das sie fragt, antwortet nicht. Versuch es noch einmal; bleibt es so, prüf Netz und Platten.
doctor-failed = Die Prüfung „{ $check }“ ist gescheitert.
    .remedy = Versuch es noch einmal. Bleibt es so, melde es bitte als Fehler von Darkroom.
doctor-token = Token
    .valid = Discord nimmt das Token an. Der Bot ist { $name }.
    .stand-in = Der Ersatz für Discord antwortet. Der Bot ist { $name }.
    .missing = Es gibt kein Token, deshalb wurde bei Discord nichts geprüft. `darkroom` startet stattdessen den Playground.
    .missing-remedy = Für einen Server bei Discord schreib `DISCORD_TOKEN=…` in eine Datei `.env` in diesem Ordner. In der README steht, woher du ein Token bekommst.
    .refused = Discord nimmt das Token nicht an.
    .refused-remedy = Öffne https://discord.com/developers/applications, wähl die Anwendung, dann Bot, dann Reset Token. Schreib das neue Token in `DISCORD_TOKEN`.
    .away = Discord ist nicht zu erreichen.
    .away-remedy = Prüf Netz, Nameserver und Proxy dieses Rechners. Ist `DISCORD_URL` gesetzt, prüf, ob dort etwas antwortet.
doctor-intents = Intents
    .none-needed = Der Bot braucht keine privilegierten Intents und hat keine.
    .granted = Der Bot hat die privilegierten Intents, die er braucht.
    .missing = Der Bot braucht privilegierte Intents, die er nicht hat: { $names }.
    .missing-remedy = Schalte sie in Discords Entwicklerportal ein: die Anwendung, dann Bot, dann Privileged Gateway Intents.
    .unused = Die Anwendung hat privilegierte Intents, die der Bot nicht braucht: { $names }.
    .unused-remedy = Schalte sie in Discords Entwicklerportal aus: die Anwendung, dann Bot, dann Privileged Gateway Intents.
doctor-channels = Kanäle
    .drawable = Auf „{ $server }“ kann der Bot in { $count } von { $all } Kanälen zeichnen.{ $hidden ->
        [0] {""}
        [1] {" "}1 Kanal sieht er nicht.
       *[other] {" "}{ $hidden } Kanäle sieht er nicht.
    }
    .nowhere = Auf „{ $server }“ kann der Bot in keinem Kanal zeichnen.
    .nowhere-remedy = Öffne in den Einstellungen eines Kanals die Berechtigungen und erlaube der Rolle des Bots View Channel, Send Messages, Embed Links und Attach Files.
    .role = Auf „{ $server }“ hat die Rolle des Bots nicht alle Berechtigungen, die er braucht. Es fehlen: { $names }.
    .role-remedy = Öffne den Einladungslink und füg den Bot dem Server noch einmal hinzu: Das ergänzt, was fehlt. Oder schalte sie in den Servereinstellungen unter Rollen ein.
    .lacking = Auf „{ $server }“ kann der Bot nicht zeichnen in { $channels }. Dort fehlen: { $names }.
    .lacking-little = Auf „{ $server }“ kann der Bot in { $channels } zeichnen, aber Threads oder Reaktionen gehen nicht alle. Dort fehlen: { $names }.
    .lacking-remedy = Wenn er das soll, öffne in den Einstellungen des Kanals die Berechtigungen und erlaube es der Rolle des Bots.
    .named = { $names }
    .named-more = { $names } und { $more } weiteren
    .no-commands = Auf „{ $server }“ darf der Bot keine Slash-Befehle anlegen.
    .invite-remedy = Öffne den Einladungslink und füg den Bot dem Server hinzu. Er fragt nach den richtigen Berechtigungen und Scopes.
    .highlights = Auf „{ $server }“ kann der Bot im Kanal für Highlights nichts posten, oder es gibt den Kanal nicht mehr.
    .highlights-remedy = Erlaube dem Bot, dort zu posten, oder wähl einen anderen Kanal mit `/server settings highlights`.
    .no-server = Der Bot ist noch auf keinem Server.
    .more = { $count ->
        [1] 1 weiterer Server wurde nicht geprüft.
       *[other] { $count } weitere Server wurden nicht geprüft.
    }
doctor-clock = Uhr
    .right = Die Uhr stimmt mit der von Discord überein.
    .fast = Die Uhr geht { $seconds } Sekunden vor, verglichen mit der von Discord.
    .slow = Die Uhr geht { $seconds } Sekunden nach, verglichen mit der von Discord.
    .remedy = Schalte auf dem Rechner den Zeitabgleich ein, zum Beispiel mit `timedatectl set-ntp true`.
doctor-database = Datenbank
    .usable = { $kind } lässt sich lesen und schreiben, und das Schema ist aktuell.
    .not-yet = Es gibt noch keine Datenbank ({ $kind }), oder sie ist leer. Der erste Start legt die Tabellen an.
    .unusable = Die Datenbank ist nicht zu gebrauchen.
    .unusable-remedy = Prüf, ob sie läuft und ob in `DATABASE_URL` der richtige Rechner, Benutzer, Datenbankname und das richtige Passwort stehen.
    .older = Das Schema ist von einer älteren Version von Darkroom.
    .older-remedy = Mach eine Sicherung, dann starte den Bot oder ruf `darkroom migrate` auf.
    .newer = Das Schema ist von einer neueren Version von Darkroom.
    .newer-remedy = Aktualisiere Darkroom, oder kehr zu einer Sicherung dieser Version zurück.
    .not-writable = Die Datenbank lässt sich lesen, aber nicht schreiben.
    .not-writable-remedy = Prüf, ob ihr Benutzer schreiben darf, ob die Platte voll ist und ob ein anderes Programm sie gesperrt hält.
doctor-engines = Engines
    .own = Darkroom startet eine eigene Engine.
    .there = Engine { $engine } antwortet. Art: { $kind }. Modelle: { $models }{ $more ->
        [0] .
       *[other] {" "}und { $more } weitere.
    }
    .busy = Engine { $engine } antwortet. Art: { $kind }. Modelle: { $models }{ $more ->
        [0] .
       *[other] {" "}und { $more } weitere.
    } In Arbeit: { $running }, wartend: { $waiting }.
    .away = Engine { $engine } antwortet nicht oder lehnt ab.
    .away-remedy = Prüf, ob sie läuft und ob ihre Adresse in `INFERENCE_URL` oder `darkroom.toml` und ihr Schlüssel stimmen. Aufträge warten, bis sie wieder da ist.
    .no-models = Engine { $engine } nennt keine Modelle.
    .no-models-remedy = Sieh in ihrem eigenen Log nach, ob sie ein Modell geladen hat.
    .misconfigured = Die Einstellungen der Engines sind falsch.
    .misconfigured-remedy = Berichtige `INFERENCE_URL` oder `darkroom.toml`. docs/deployment.md zeigt, wie sie aussehen.
    .no-model-file = Das Modell in `DARKROOM_MODEL` ist nicht da.
    .no-model-file-remedy = Berichtige `DARKROOM_MODEL`, oder leg die Datei oder den Ordner dorthin.
doctor-filter = Filter
    .off = Bilder werden nicht geprüft: Der Filter für anstößige Bilder ist aus (`DARKROOM_FILTER=off`).
    .there = Der Filter für anstößige Bilder antwortet: { $name }.
    .away = Der Filter für anstößige Bilder antwortet nicht. Bis er es tut, werden Bilder zurückgehalten.
    .away-remedy = Sieh im Protokoll des Bots nach dem Grund, und prüf `DARKROOM_FILTER` und `DARKROOM_FILTER_KEY`.
doctor-review = Prüfung
    .set = Wo eine Regel „review“ sagt, gibt es einen Kanal zum Prüfen.
    .missing = { $count ->
        [1] Eine Regel sagt „review“, und der Server hat keinen Kanal zum Prüfen. Was sie findet, wird abgelehnt.
       *[other] Auf { $count } Servern sagt eine Regel „review“, und es gibt keinen Kanal zum Prüfen. Was sie findet, wird abgelehnt.
    }
    .missing-remedy = Leg mit `/server review channel` einen fest, oder wähl mit `/server words` und `/server filter` etwas anderes.
doctor-disk = Platte
    .room = Es ist Platz für Bilder da.
    .nearly-full = Die Platte ist fast voll.
    .full = Die Platte ist voll.
    .remedy = Lösch, was nicht gebraucht wird, oder setz `DARKROOM_DATA` auf einen Ordner auf einer größeren Platte und verschieb die Daten dorthin.
    .not-writable = In den Datenordner lässt sich nichts schreiben.
    .not-writable-remedy = Gib den Ordner dem Benutzer, unter dem Darkroom läuft, oder setz `DARKROOM_DATA` auf einen anderen Ordner.
doctor-pictures = Bilder
    .there = Bilder lassen sich im Objektspeicher schreiben, lesen und löschen.
    .not-written = In den Objektspeicher für Bilder lässt sich nichts schreiben.
    .not-read = Bilder im Objektspeicher lassen sich nicht lesen.
    .not-listed = Bilder im Objektspeicher lassen sich nicht auflisten.
    .not-deleted = Bilder im Objektspeicher lassen sich nicht löschen.
    .remedy = Prüf `DARKROOM_PICTURES`, ob es den Bucket gibt, und ob seine Schlüssel stimmen und lesen, schreiben, auflisten und löschen dürfen. docs/object-store.md zeigt die Einstellungen.
doctor-signature = Signatur
    .own = Bilder werden bis { $date } mit einem selbst gemachten Schlüssel signiert. Programme, die sie prüfen, kennen den Unterzeichner nicht.
    .operators = Bilder werden bis { $date } mit dem Zertifikat derer signiert, die den Bot betreiben.
    .not-yet = Der erste Start macht einen Schlüssel, um Bilder zu signieren.
    .unusable = Mit dem Zertifikat oder Schlüssel in den Einstellungen lassen sich keine Bilder signieren, deshalb startet der Bot nicht.
    .unusable-remedy = Berichtige `DARKROOM_C2PA_CERTIFICATE` und `DARKROOM_C2PA_KEY`. In docs/law.md steht, wie sie sein müssen.
    .not-valid-yet = Das Zertifikat gilt erst ab { $date }.
    .not-valid-yet-remedy = Prüf die Uhr dieses Rechners, oder nimm ein anderes Zertifikat.
    .ended = Das Zertifikat ist am { $date } abgelaufen.
    .ended-remedy = Besorg ein neues, leg es an die Stelle des alten und starte den Bot neu.
    .ends-soon = Das Zertifikat läuft am { $date } ab.
    .ends-soon-remedy = Besorg ein neues, leg es an die Stelle des alten und starte den Bot neu.
    .own-ended = Das selbst gemachte Zertifikat ist am { $date } abgelaufen.
    .own-ended-remedy = Starte den Bot neu: Er macht ein neues.
    .own-ends-soon = Das selbst gemachte Zertifikat läuft am { $date } ab.
    .own-ends-soon-remedy = Starte den Bot neu: Er macht ein neues.
doctor-files = Dateien
    .closed = Nur du kannst die Dateien mit Geheimnissen und Daten lesen.
    .open = Andere auf diesem Rechner können Dateien mit Geheimnissen lesen.
    .open-remedy = Ruf für jede dieser Dateien `chmod 600` auf.
    .open-data = Andere auf diesem Rechner können Prompts oder Schlüssel im Datenordner lesen.
    .open-data-remedy = Starte den Bot: Er schließt sie. Bleiben sie offen, gehören sie einem anderen Benutzer: Gib sie dem, unter dem Darkroom läuft.
doctor-versions = Versionen
    .python = Python { $python }.
    .gpu = Die Engine zeichnet mit einer GPU.
    .cpu-torch = Es gibt eine GPU, aber torch ist in der Fassung für Prozessoren installiert.
    .cpu-torch-remedy = Installiere torch für deine Version von CUDA, wie es unter https://pytorch.org/get-started/locally/ steht.
    .processor = Hier gibt es keine GPU von NVIDIA. Die Engine zeichnet auf dem Prozessor.
    .slow = Hier gibt es keine GPU von NVIDIA, und ohne OpenVINO zeichnet ein Prozessor mehrmals langsamer.
    .slow-remedy = Ruf `make install` auf, oder installiere das Extra: `.venv/bin/pip install -c constraints.txt -e '.[openvino]'`.

## Rules about words

forbidden-words = Wörter, die hier nicht erlaubt sind
    .problem = { $count ->
        [one] Die Regeln dieses Servers erlauben das in Prompts nicht: { $words }.
       *[other] Die Regeln dieses Servers erlauben diese Wörter in Prompts nicht: { $words }.
    }
    .remedy = Ändere oder entferne sie. Hinter `--no` sind sie erlaubt. Wenn du das für einen Irrtum hältst, frag die Leute, die diesen Server verwalten.
words-verdict = Wörter im Prompt: { $words }
invalid-rule = Ungültige Regel
    .problem = { $why ->
        [long] Die Regel `{ $pattern }` ist länger als { $most } Zeichen.
        [empty] Die Regel `{ $pattern }` hat weder Buchstaben noch Ziffern.
        [everything] Die Regel `{ $pattern }` passt auf jeden Prompt.
        [star] Die Regel `{ $pattern }` hat ein `*` in der Mitte.
        [open] Die Regel `{ $pattern }` ist zu kurz für ein `*`: Sie würde in zu vielen Wörtern gefunden.
       *[expression] Der reguläre Ausdruck `{ $pattern }` geht nicht: { $detail }
    }
    .remedy = { $why ->
        [long] Kürze sie, oder mach zwei Regeln daraus.
        [empty] Schreib ein Wort, mehrere Wörter, ein Emoji oder einen regulären Ausdruck zwischen Schrägstrichen: `/colou?r/`.
        [everything] Sag genauer, was sie finden soll.
        [star] Ein `*` kann nur am Anfang und am Ende stehen: `*wort*`.
        [open] Schreib neben das `*` mindestens { $most } Buchstaben.
       *[expression] Er muss in der Syntax von RE2 sein, die keine Rückverweise und kein Look-around kennt.
    }
too-many-rules = Zu viele Regeln
    .problem = { $what ->
        [expressions] Ein Server kann { $most } Regeln haben, die reguläre Ausdrücke sind.
       *[rules] Ein Server kann { $most } Regeln für Wörter haben.
    }
    .remedy = Nichts wurde gespeichert. Entferne welche mit `/server words remove`, oder schreib eine Regel mit `*` statt mehrerer.
no-such-rule = Regel nicht gefunden
    .problem = Dort gibt es keine Regel `{ $pattern }`.
    .remedy = `/server words list` zeigt alle. Für die Regel eines Kanals wähl mit `ort` auch den Kanal.
unreadable-rules = Das ist keine Liste von Regeln
    .problem = { $why ->
        [size] Die Datei ist größer als { $most } KiB.
        [lost] Discord hat die Datei nicht herausgegeben.
       *[text] Die Datei ist kein einfacher Text in UTF-8.
    }
    .remedy = { $why ->
        [size] Behalte nur die Regeln, die du brauchst.
        [lost] Versuch es noch einmal.
       *[text] Speichere sie als Text: in jeder Zeile eine Regel, und wenn du willst hinter einem `|`, was geschehen soll: `ein paar wörter | spoiler`.
    }
word-rules = Regeln für Wörter
    .added = { $place ->
        [server] Auf dem ganzen Server heißt `{ $rule }` jetzt: { $action }.
       *[other] In { $place } heißt `{ $rule }` jetzt: { $action }.
    }
    .removed = Die Regel `{ $rule }` ist entfernt.
    .count = { $place ->
        [server] { $count ->
            [0] Es gibt keine Regeln für den ganzen Server. Füg mit `/server words add` eine hinzu.
            [one] Eine Regel für den ganzen Server:
           *[other] { $count } Regeln für den ganzen Server:
        }
       *[other] { $count ->
            [0] In { $place } gibt es keine eigenen Regeln.
            [one] Eine Regel mehr in { $place }:
           *[other] { $count } Regeln mehr in { $place }:
        }
    }
    .more = … und { $count } weitere.
    .others = Es gibt auch Regeln für { $places }. Wähl eins davon mit der Option `ort`.
    .imported = { $count ->
        [one] Eine Regel gespeichert.
       *[other] { $count } Regeln gespeichert.
    }
    .not-imported = { $count ->
        [one] Eine Zeile wurde nicht verstanden:
       *[other] { $count } Zeilen wurden nicht verstanden:
    }
    .line = Zeile { $number }:
    .test = Test der Regeln für Wörter
    .nothing = Keine Regel dieses Kanals findet etwas in diesem Prompt.
    .outcome = Ein Auftrag mit diesem Prompt, in diesem Kanal: { $action }. Diese Regeln haben etwas gefunden:

## Reviews, reports and the moderation log

button-appeal = Einspruch
review-impossible = Die Moderation müsste es ansehen, aber dieser Server hat keinen Kanal dafür. Wer ihn verwaltet, legt einen mit `/server review` fest.
    .no-server = Die Moderation müsste es ansehen, und in Direktnachrichten gibt es keine.
review-rejected = Die Moderation hat es abgelehnt.
review-block-reason = Die Moderation hat abgelehnt, was verlangt wurde.
review =
    .held = Zu prüfen: ein Bild von { $member } in { $channel }
    .report = Gemeldet: ein Bild von { $member } in { $channel }
    .appeal = Einspruch: ein abgelehntes Bild von { $member } in { $channel }
    .prompt = Einspruch: ein abgelehnter Prompt von { $member } in { $channel }
    .reports = { $count ->
        [one] Eine Meldung:
       *[other] { $count } Meldungen:
    }
review-decision =
    .approve = Freigeben
    .spoiler = Mit Spoiler freigeben
    .reject = Ablehnen
    .block = Ablehnen und sperren
    .keep = Behalten
    .delete = Überall löschen
    .delete-block = Löschen und sperren
review-decided =
    .approve = ✅ Freigegeben von { $who } am { $when }
    .spoiler = ✅ Mit Spoiler freigegeben von { $who } am { $when }
    .reject = ❌ Abgelehnt von { $who } am { $when }
    .block = ❌ Abgelehnt und Mitglied gesperrt von { $who } am { $when }
    .keep = ✅ Behalten von { $who } am { $when }
    .delete = 🗑️ Überall gelöscht von { $who } am { $when }
    .delete-block = 🗑️ Überall gelöscht und Mitglied gesperrt von { $who } am { $when }
review-done =
    .approve = Freigegeben
    .spoiler = Mit Spoiler freigegeben
    .reject = Abgelehnt
    .block = Abgelehnt, und das Mitglied ist gesperrt
    .keep = Behalten
    .delete = Überall gelöscht
    .delete-block = Überall gelöscht, und das Mitglied ist gesperrt
appeal-asked = Die Moderation sieht es sich an
    .text = Du erfährst, wenn jemand entschieden hat.
appeal-decided = Dein Einspruch
    .approved = Die Moderation erlaubt diesen Prompt. Du kannst ihn jetzt zeichnen.
    .rejected = Die Moderation lehnt diesen Prompt weiter ab.
modal-report = Bild melden
    .reason = Was stimmt damit nicht?
    .about = Die Moderation des Servers liest es, und wer es schrieb.
reported = Gemeldet
    .text = Die Moderation des Servers sieht es sich an.
delete-everywhere = Überall löschen
    .done = Überall gelöscht
    .count = { $count ->
        [one] Ein Auftrag, der es zeigte, ist gelöscht: seine Nachrichten, seine Dateien und sein Rezept.
       *[other] { $count } Aufträge, die es zeigten, sind gelöscht: ihre Nachrichten, ihre Dateien und ihre Rezepte.
    }
review-settings = Prüfung
    .channel = Kanal zum Prüfen: { $channel }
    .log = Kanal für das Protokoll: { $channel }
    .none = keiner
    .waiting = { $count ->
        [0] Nichts wartet auf eine Entscheidung.
        [one] Eine Entscheidung steht aus.
       *[other] { $count } Entscheidungen stehen aus.
    }
    .gone = ⚠️ Den Kanal zum Prüfen gibt es nicht mehr, oder der Bot sieht ihn nicht. Wähl einen anderen; was wartet, kommt dorthin.
    .closed = ⚠️ Der Bot kann im Kanal zum Prüfen keine Bilder posten. Erlaub ihm, den Kanal zu sehen, Nachrichten zu senden und Dateien anzuhängen.
    .open = ⚠️ Alle können den Kanal zum Prüfen sehen. Nimm @everyone dort *Kanal ansehen*.
    .not-restricted = ⚠️ Der Kanal zum Prüfen ist nicht altersbeschränkt. Bilder kommen dort hinter einen Spoiler, auch anstößige: Mach ihn besser altersbeschränkt.
log = Protokoll der Moderation
    .nothing = Im Protokoll steht nichts.
    .page = -# Seite { $number } von { $pages }; { $total } Einträge der letzten 90 Tage
    .by = von { $who }
    .about = über { $who }
log-kind =
    .words-refuse = Prompt von einer Regel abgelehnt
    .words-review = Prompt von einer Regel zur Prüfung gegeben
    .words-spoiler = Prompt von einer Regel hinter einen Spoiler gestellt
    .words-log = Prompt von einer Regel vermerkt
    .filter-spoiler = Anstößiges Bild hinter einen Spoiler gestellt
    .filter-review = Anstößiges Bild zur Prüfung gegeben
    .filter-refuse = Anstößiges Bild nicht gezeigt
    .filter-brought = Mitgebrachtes anstößiges Bild: abgelehnt
    .review-approve = Freigegeben
    .review-spoiler = Mit Spoiler freigegeben
    .review-reject = Abgelehnt
    .review-block = Abgelehnt und gesperrt
    .review-keep = Meldung: behalten
    .review-delete = Meldung: überall gelöscht
    .review-delete-block = Meldung: gelöscht und gesperrt
    .report-picture = Bild gemeldet
    .appeal-picture = Einspruch zu einem Bild
    .appeal-prompt = Einspruch zu einem Prompt
    .delete-everywhere = Überall gelöscht
not-moderator = Nur für die Moderation
    .problem = Dafür brauchst du Discords Recht *Nachrichten verwalten*.
    .remedy = Frag die Leute, die diesen Server verwalten.
no-review-channel = Niemand da, der es ansieht
    .problem = Dieser Server hat keinen Kanal, in dem die Moderation so etwas ansieht.
    .remedy = Sag es den Leuten, die diesen Server verwalten; sie legen einen mit `/server review` fest.
already-decided = Schon entschieden
    .problem = { $decision }
    .remedy = Von mehreren Entscheidungen gilt die erste.
review-gone = Nichts mehr zu entscheiden
    .problem = Worum es hier ging, ist gelöscht.
    .remedy = Du kannst diese Nachricht löschen.
already-reported = Schon gemeldet
    .problem = Du hast dieses Bild schon gemeldet.
    .remedy = Die Moderation des Servers weiß davon.
nothing-to-report = Hier gibt es nichts zu melden
    .problem = Melden kannst du nur fertige Bilder, die Mitglieder dieses Servers sehen.
    .remedy = Melde es auf dem Server, auf dem es entstand, unter seiner Nachricht.
too-many-reports = Zu viele Meldungen
    .problem = Du kannst { $most } Bilder in einer Stunde melden.
    .remedy = Warte eine Weile, oder schreib der Moderation des Servers.
too-many-appeals = Zu viele Einsprüche
    .problem = { $most } deiner Einsprüche warten auf eine Entscheidung.
    .remedy = Warte, bis einer davon entschieden ist.
already-appealed = Schon Einspruch erhoben
    .problem = Die Moderation weiß davon, oder sie hat schon entschieden.
    .remedy = Ändere den Prompt, oder schreib der Moderation des Servers.
nothing-to-appeal = Nichts, wogegen Einspruch möglich ist
    .problem = Hier ist nichts abgelehnt, oder nicht mehr.
    .remedy = Versuch noch einmal, es zu zeichnen.
not-your-appeal = Nicht dein Bild
    .problem = Einspruch kann nur das Mitglied erheben, dem das Bild gehört.
    .remedy = Frag dieses Mitglied.
