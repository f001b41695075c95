### Deutsch: Befehle und was sie antworten. Die Namen der Befehle bleiben, wie man sie kennt.

## Fehlermeldungen

invalid-option-name = Ungültiger Name
    .problem = `{ $name }` kann nicht der Name einer Option sein.
    .remedy = Nimm einen Buchstaben, dann bis zu 31 Buchstaben, Ziffern, Binde- oder Unterstriche.
option-is-parameter = Name schon vergeben
    .problem = `--{ $name }` ist schon ein Parameter.
    .remedy = Nimm einen anderen Namen.
no-such-option = Option nicht gefunden
    .problem = Du hast keine Option `--{ $name }`.
    .remedy = `/prefer option list` zeigt deine Optionen.
too-many-options = Zu viele Optionen
    .problem = Du hast { $most } Optionen; mehr geht nicht.
    .remedy = Um eine zu löschen, nimm `/prefer option set` mit ihrem Namen und ohne Wert.
too-many-defaults = Zu viele Standards
    .problem = { $most } Kanäle, Kategorien und Rollen dieses Servers haben Standards; mehr geht nicht.
    .remedy = Setz einige davon mit `/server defaults` zurück.
one-scope-only = Nur eins zugleich
    .problem = Standards sind für einen Kanal oder für eine Rolle, nicht für beide zusammen.
    .remedy = Nimm `/server defaults` mit einem von beiden.
suffix-has-words = Ein Suffix darf nur Parameter enthalten
    .problem = „{ $text }“ ist kein Parameter.
    .remedy = Nimm so etwas wie `--ar 3:2 --s 250`. Für Wörter gibt es `/prefer option set`.
exported-lately = Gerade erst geschickt
    .problem = Deine Daten kannst du dir einmal in der Stunde schicken lassen.
    .remedy = Versuch es in { $minutes ->
        [one] einer Minute
       *[other] { $minutes } Minuten
    } noch einmal.
cannot-export = Deine Daten lassen sich gerade nicht schicken
    .problem = Discord nimmt die Dateien im Moment nicht an.
    .remedy = Versuch es in ein paar Minuten noch einmal.
storage-full = Kein Platz für neue Bilder
    .problem = Der Speicher dieses Bots ist voll, deshalb nimmt er keine neuen Aufträge an. Was läuft, wird fertig.
    .remedy = Versuch es später noch einmal, und sag es der Person, die diesen Bot betreibt.
not-yours-to-delete = Nicht dein Auftrag
    .problem = Nur wer einen Auftrag gestartet hat, oder die Moderation, kann seine Nachricht löschen.
    .remedy = Frag jemanden davon.
cannot-delete = Das Bild lässt sich nicht löschen
    .problem = { $reason }
    .remedy = Andere können es nicht mehr sehen. Sag es der Person, die diesen Bot betreibt, und versuch es noch einmal.
out-of-reach = Ich kann diese Nachricht nicht löschen
    .problem = Ich bin hier kein Mitglied, oder nur du siehst die Nachricht.
    .remedy = Siehst nur du sie, blende sie aus. Sonst frag die Moderation.
unclear-job = Auftrag nicht gefunden
    .problem = Du hast keinen Auftrag mit der ID „{ $typed }“.
    .remedy = Gib eine ID an (die ersten acht Zeichen genügen), einen Dateinamen oder den Link zu seiner Nachricht. `/history` zeigt deine Aufträge.
search-too-long = Suche zu lang
    .problem = Eine Suche darf höchstens { $words } verschiedene Wörter und { $letters } Zeichen haben.
    .remedy = Lass einige Wörter weg.
nothing-yet = Noch nichts da
    .problem = Du hast noch keinen Auftrag gestartet.
    .remedy = Fang mit `/imagine` an.
cannot-write-to-you = Keine Direktnachricht möglich
    .problem = Discord lässt mich dir keine Direktnachrichten schicken.
    .remedy = Erlaub in den Privatsphäre-Einstellungen dieses Servers Direktnachrichten von Mitgliedern, dann versuch es noch einmal.
no-job-here = Kein Auftrag
    .problem = Diese Nachricht gehört zu keinem Auftrag.
    .remedy = Nimm eine Nachricht von mir, die ein Raster oder ein Bild zeigt.
cannot-describe = Nicht mit diesem Modell
    .problem = Das Modell hier kann keine Bilder beschreiben oder Wörter bewerten.
    .remedy = Bitte die Person, die diesen Bot betreibt, um ein Modell mit Bild-Encoder. `/help` zeigt, was jedes Modell kann.
not-a-picture = Kein Bild
    .problem = Es gibt kein Bild zu beschreiben.
    .remedy = Gib eines mit `bild` oder `link` an: PNG, JPEG, WebP oder GIF.
too-short = Nichts zu kürzen
    .problem = Der Prompt ist zu kurz, um Wörter wegzulassen.
    .remedy = Versuch es mit einem längeren.

## Einstellungen eines Mitglieds

panel = Deine Einstellungen
    .text = Gelten für deine Prompts, außer ein Prompt sagt etwas anderes.
    .suffix = Suffix
    .no-suffix = keines
    .options = Optionen
    .options-value = { $count ->
        [0] keine
       *[other] { $names }
    }
    .stealth-recipe = Rezept in Dateien von Stealth-Aufträgen
    .yes = ja
    .no = nein
    .version = Modell
    .version-server = Modell: Standard
    .models = Modelle { $first } bis { $last }
    .temperament-server = Temperament: Standard des Servers
    .faithful = Treu: folgt dem Prompt genau
    .stylised = Stilisiert: Hauptsache, es sieht gut aus
    .stylize-server = Stylize: Standard des Servers
    .low = Stylize niedrig ({ $value })
    .medium = Stylize mittel ({ $value })
    .high = Stylize hoch ({ $value })
    .very-high = Stylize sehr hoch ({ $value })
    .own = Stylize { $value }
    .styled = Mit Stil
    .raw = Raw
    .remix-on = Remix an
    .remix-off = Remix aus
    .auto-dm-on = DMs schicken
    .auto-dm-off = Keine DMs
    .strong = Stark
    .subtle = Fein
    .public = Öffentlich
    .stealth = Stealth
    .turbo = Turbo
    .fast = Fast
    .relax = Relax
    .reset = Zurücksetzen …
panel-group = Was die Buttons einstellen
    .stealth = **Sichtbarkeit:** wer deine Aufträge sieht
    .mode = **Modus:** hohe, normale oder niedrige Priorität
    .variability = **Variationen:** wie viel V ändert
    .raw = **Stil:** Raw ist näher am Prompt
    .remix = **Remix:** Buttons fragen nach dem Prompt
    .auto_dm = **Direktnachrichten:** deine Bilder
reset-question = Alle deine Einstellungen zurücksetzen?
    .text = Alles auf dieser Seite und dein Suffix werden auf den Standard gesetzt. Deine Optionen bleiben.
    .server = Alle Einstellungen dieses Servers zurücksetzen?
    .server-text = Für alle hier gilt wieder der Standard. Die eigenen Einstellungen der Mitglieder bleiben, und auch die Standards von Kanälen, Kategorien und Rollen.
    .defaults = Alle diese Standards löschen?
    .yes = Ja, zurücksetzen
    .no = Abbrechen
preferred = Gespeichert
    .option = Die Option `--{ $name }` ist jetzt `{ $value }`.
    .forgotten = Option `--{ $name }` gelöscht.
    .suffix = `{ $suffix }` kommt jetzt an das Ende aller deiner Prompts.
    .no-suffix = Suffix entfernt.
    .remix-on = Remix ist an: Buttons lassen dich zuerst den Prompt bearbeiten.
    .remix-off = Remix ist aus: Buttons zeichnen sofort.
    .strong = V-Buttons machen jetzt starke Variationen.
    .subtle = V-Buttons machen jetzt feine Variationen.
    .auto-dm-on = Du bekommst fertige Bilder jetzt auch als Direktnachricht.
    .auto-dm-off = Du bekommst fertige Bilder nicht mehr als Direktnachricht.
    .stealth-recipe-on = In den Dateien deiner Stealth-Aufträge stehen jetzt Prompt und Seed, außer der Server lässt sie weg.
    .stealth-recipe-off = In den Dateien deiner Stealth-Aufträge stehen Prompt und Seed nicht mehr, nur die Kennzeichnung, dass sie von einer KI sind.
    .turbo = Deine Aufträge laufen jetzt im Turbo-Modus (hohe Priorität).
    .fast = Deine Aufträge laufen jetzt im Fast-Modus (normale Priorität).
    .relax = Deine Aufträge laufen jetzt im Relax-Modus (niedrige Priorität).
    .public = Alle im Kanal sehen jetzt deine Aufträge.
    .stealth = Nur du siehst jetzt deine Aufträge.
own-options = Deine Optionen
    .text = Benutz sie in einem Prompt: `a fox --{ $name }`.
    .none = Du hast noch keine. Mit `/prefer option set` machst du eine.
command-settings = Deine Einstellungen: Modell, Stil, Variationen, Modus und Sichtbarkeit
    .name = settings
command-prefer = Deine Vorlieben
    .name = prefer
command-prefer-option = Deine eigenen Parameter
    .name = option
command-prefer-option-set = Einen eigenen Parameter für Text oder andere Parameter anlegen
    .name = set
    .option = Der Name, etwa meins: du tippst ihn als --meins
    .option-name = option
    .value = Wofür er steht, etwa --ar 3:2 --raw; leer lassen löscht die Option
    .value-name = wert
command-prefer-option-list = Deine Optionen anzeigen
    .name = list
command-prefer-suffix = Parameter, die an das Ende aller deiner Prompts kommen
    .name = suffix
    .value = Etwa --ar 3:2 --raw; leer lassen entfernt das Suffix
    .value-name = wert
command-prefer-remix = Remix ein- oder ausschalten: Buttons lassen dich zuerst den Prompt bearbeiten
    .name = remix
command-prefer-variability = Die V-Buttons zwischen starken und feinen Variationen umschalten
    .name = variability
command-prefer-auto_dm = Direktnachrichten mit deinen fertigen Bildern ein- oder ausschalten
    .name = auto_dm
command-prefer-stealth_recipe = Prompt und Seed in den Dateien deiner Stealth-Aufträge ein- oder ausschalten
    .name = stealth_recipe
command-fast = In den Fast-Modus wechseln (normale Priorität)
    .name = fast
command-relax = In den Relax-Modus wechseln (niedrige Priorität)
    .name = relax
command-turbo = In den Turbo-Modus wechseln (hohe Priorität)
    .name = turbo
command-public = Öffentlich: alle im Kanal sehen deine Aufträge
    .name = public
command-stealth = Stealth-Modus: nur du siehst deine Aufträge
    .name = stealth

## Einstellungen eines Servers

server-settings = Server-Einstellungen
    .saved = Einstellungen gespeichert
    .text = Standards gelten, außer ein Prompt oder die Einstellungen eines Mitglieds sagen etwas anderes.
    .aspect = Seitenverhältnis
    .style = Stil
    .no-style = keiner
    .stylize = Stylize
    .temperament = Temperament
    .usual = Standard
    .jobs = Aufträge je Mitglied
    .jobs-value = höchstens { $limit } laufend oder wartend
    .permutations = Aufträge je Prompt
    .permutations-value = höchstens { $limit }; zugleich bestätigt können mehr als die Aufträge je Mitglied warten, aber nicht laufen
    .buttons = Buttons
    .buttons-everyone = alle können sie benutzen
    .buttons-owner = nur für das Mitglied, das den Auftrag gestartet hat
    .buttons-roles = für das Mitglied, das den Auftrag gestartet hat, und die Rollen in `/server access show`
    .highlights = Highlights
    .no-highlights = kein Kanal: ⭐ tut nichts
    .pictures = Dateien der Bilder
    .pictures-recipe = sagen, dass sie von einer KI sind, mit Prompt und Seed
    .pictures-mark = sagen, dass sie von einer KI sind, und sonst nichts
    .finished = Fertige Aufträge
    .finished-notify = melden sich beim Mitglied mit einer neuen Nachricht
    .finished-quiet = ändern still ihre Nachricht
    .kept = Aufbewahrt
    .kept-value = { $days ->
        [0] für immer
        [one] einen Tag, danach nur, wie sie neu gezeichnet werden
       *[other] { $days } Tage, danach nur, wie sie neu gezeichnet werden
    }
command-server = Einstellungen für alle auf diesem Server
    .name = server
command-server-setup = Die ersten Schritte, einer nach dem anderen; zeigt, was eingestellt ist
    .name = setup
command-server-settings = Standards und Grenzen dieses Servers; ohne Optionen zeigt es sie an
    .name = settings
    .aspect = Standard-Seitenverhältnis (--ar), etwa 3:2
    .aspect-name = seitenverhältnis
    .style = Standard-Stil (--style); raw für keinen
    .style-name = stil
    .stylize = Standard für --stylize, 0 bis 1000
    .stylize-name = stylize
    .temperament = Dem Prompt genau folgen, oder vor allem schöne Bilder machen
    .temperament-name = temperament
    .jobs_per_member = Wie viele Aufträge ein Mitglied laufen oder warten haben kann
    .jobs_per_member-name = aufträge_je_mitglied
    .permutations = Wie viele Aufträge ein Prompt starten kann
    .permutations-name = permutationen
    .buttons_for = Wer die Buttons eines Auftrags benutzen kann
    .buttons_for-name = buttons_für
    .highlights = Kanal, in dem Bilder mit einem ⭐ gezeigt werden
    .highlights-name = highlights
    .pictures_carry = Was in den Dateien der Bilder steht, außer dass sie von einer KI sind
    .pictures_carry-name = bilddateien
    .finished = Wie Mitglieder von ihren fertigen Aufträgen erfahren
    .finished-name = fertig
    .keep_days = Wie viele Tage Bilder aufbewahrt werden, danach nur ihr Rezept; 0 ist für immer
    .keep_days-name = tage
defaults = Standards
    .server = Standards dieses Servers
    .category = Standards der Kategorie { $place }
    .channel = Standards von { $place } und seinen Threads
    .role = Standards der Rolle { $place }
    .text = Sie gelten für Prompts, die nichts anderes sagen. Zuerst kommt, was getippt ist, dann die eigenen Einstellungen des Mitglieds, seine Rollen (die höchste zuerst), der Kanal, seine Kategorie und der Server.
    .open = offen gelassen
    .more = Mehr … (Seite { $page } von { $pages })
    .all = Alle, die Standards haben
    .gone = gelöscht ({ $id })
defaults-scope = Server
    .server = Server
    .category = Kategorie
    .channel = Kanal
    .role = Rolle
defaults-field = Einstellung
    .version = Modell
    .model = Modell
    .aspect = Seitenverhältnis
    .style = Stil
    .stylize = Stylize
    .temperament = Temperament
    .mode = Modus
    .stealth = Sichtbarkeit
    .file-format = Dateiformat
    .language = Sprache der Nachrichten
language = Sprache
    .en = Englisch
    .de = Deutsch
    .server = die Sprache des Servers
effective = Was hier gilt
    .text = Für { $member } in { $channel }, wenn ein Prompt nichts anderes sagt:
    .prompt = Suffix von { $place }
    .member = Einstellungen von { $place }
    .role = Rolle { $place }
    .channel = Kanal { $place }
    .category = Kategorie { $place }
    .server = dieser Server
    .nobody = von niemandem gewählt
command-server-defaults = Standards dieses Servers, oder die eines Kanals, einer Kategorie oder einer Rolle
    .name = defaults
    .channel = Ein Kanal oder eine Kategorie; lass beides leer für den Server
    .channel-name = kanal
    .role = Eine Rolle
    .role-name = rolle
    .aspect = Standard-Seitenverhältnis (--ar), etwa 3:2
    .aspect-name = seitenverhältnis
    .style = Standard-Stil (--style); raw für keinen
    .style-name = stil
    .stylize = Standard für --stylize, 0 bis 1000
    .stylize-name = stylize
command-server-effective = Zeigen, was für ein Mitglied in einem Kanal gilt und wer es festgelegt hat
    .name = effective
    .member = Wessen Prompts; leer für deine
    .member-name = mitglied
    .channel = Wo; leer für hier
    .channel-name = kanal
command-server-reset = Die Einstellungen dieses Servers zurücksetzen
    .name = reset
command-server-filter = Was mit anstößigen Bildern geschieht; ohne Optionen zeigt es sie an
    .name = filter
    .action = Was in altersbeschränkten Kanälen mit ihnen geschieht
    .action-name = aktion
    .threshold = Ab wie viel Prozent ein Bild als anstößig gilt
    .threshold-name = schwelle
    .place = Nur in diesem Kanal oder dieser Kategorie
    .place-name = ort
command-server-doctor = Prüft, ob hier alles geht: Berechtigungen, Engines, Datenbank
    .name = doctor
command-server-quota = Wie viel jede Rolle haben kann
    .name = quota
command-server-quota-show = Zeigt, was jede Rolle haben kann
    .name = show
command-server-quota-set = Legt fest, was eine Rolle haben kann; was du weglässt, bleibt
    .name = set
    .role = Welche Rolle; ohne Angabe @everyone
    .role-name = rolle
    .pictures = Wie viele Bilder; 0 für keine Grenze
    .pictures-name = bilder
    .gpu_seconds = Wie viele Sekunden ihre Aufträge laufen können; 0 für keine Grenze
    .gpu_seconds-name = gpu_sekunden
    .per = In welcher Zeit; ohne Angabe am Tag
    .per-name = pro
    .jobs = Wie viele Aufträge zugleich
    .jobs-name = aufträge
    .cooldown = Sekunden zwischen zwei Anforderungen; 0 für keine
    .cooldown-name = pause
    .weight = Wie oft sie drankommt, wenn ein Mitglied mit Gewicht 1 einmal drankommt
    .weight-name = gewicht
command-server-quota-clear = Entfernt alle Grenzen einer Rolle
    .name = clear
    .role = Welche Rolle; ohne Angabe @everyone
    .role-name = rolle
command-server-quota-preset = Gibt @everyone fertige Grenzen
    .name = preset
    .kind = Für welche Art von Server
    .kind-name = art
choice-hour = eine Stunde
choice-day = ein Tag
choice-month = ein Monat
choice-friends = Freunde
choice-community = Gemeinschaft
choice-public = öffentlich
quotas = Kontingente
    .saved = Kontingente gespeichert
    .everyone = **@everyone:** { $limits }
    .role = **<@&{ $role }>:** { $limits }
    .text = Von jeder Grenze gilt die großzügigste unter den Rollen eines Mitglieds, auch für Admins. Stunden, Tage und Monate beginnen in UTC. Ändere sie mit `/server quota set`.
    .pictures = { $amount } Bilder { $period ->
            [hour] pro Stunde
            [month] pro Monat
           *[day] pro Tag
        }
    .pictures-unlimited = beliebig viele Bilder
    .gpu-seconds = { $amount } GPU-Sekunden { $period ->
            [hour] pro Stunde
            [month] pro Monat
           *[day] pro Tag
        }
    .gpu-seconds-unlimited = beliebig viel GPU-Zeit
    .jobs = { $jobs } { $jobs ->
        [1] Auftrag
       *[other] Aufträge
    } zugleich
    .cooldown = { $seconds } s zwischen Anforderungen
    .weight = Gewicht { $weight }
quota-left = Kontingent
    .pictures = Bilder: { $used } von { $limit } { $period ->
            [hour] pro Stunde
            [month] pro Monat
           *[day] pro Tag
        }, { $left } übrig; erneuert sich <t:{ $at }:R>
    .gpu_seconds = GPU-Sekunden: { $used } von { $limit } { $period ->
            [hour] pro Stunde
            [month] pro Monat
           *[day] pro Tag
        }, { $left } übrig; erneuert sich <t:{ $at }:R>
    .cooldown = Eine Anforderung in { $seconds } Sekunden
    .weight = Gewicht in der Warteschlange: { $weight }
    .none = hier keine Grenze für Bilder
command-server-words = Was in Prompts stehen darf
    .name = words
command-server-words-add = Eine Regel hinzufügen: Wörter oder /Ausdruck/
    .name = add
    .rule = Ganze Wörter; * an einem Ende lässt es offen; oder /Ausdruck/
    .rule-name = regel
    .action = Was geschieht; sonst ablehnen
    .action-name = folge
    .place = Nur in diesem Kanal oder dieser Kategorie
    .place-name = ort
command-server-words-remove = Eine Regel entfernen
    .name = remove
    .rule = Wie sie hinzugefügt wurde
    .rule-name = regel
    .place = Von diesem Kanal oder dieser Kategorie
    .place-name = ort
command-server-words-list = Die Regeln zeigen
    .name = list
    .place = Von diesem Kanal oder dieser Kategorie
    .place-name = ort
command-server-words-import = Viele Regeln aus einer Textdatei
    .name = import
    .file = Eine Regel je Zeile; hinter einem | die Folge
    .file-name = datei
    .action = Für Zeilen, die es nicht sagen
    .action-name = folge
    .place = Nur in diesem Kanal oder dieser Kategorie
    .place-name = ort
command-server-words-test = Einen Prompt an den Regeln dieses Kanals prüfen
    .name = test
    .prompt = Nichts wird gezeichnet
    .prompt-name = prompt
choice-refuse = ablehnen
choice-review = nach der Prüfung durch Moderatoren zeigen
choice-spoiler = als Spoiler zeigen
choice-log = nur vermerken
command-server-access = Wer wo zeichnen darf, und wie viel
    .name = access
command-server-access-show = Zeigen, wer wo zeichnen darf, und wie viel
    .name = show
command-server-access-channels = Wo der Bot zeichnet; Threads und Kanäle einer Kategorie zählen mit
    .name = channels
    .rule = In allen Kanälen, nur in den aufgeführten oder in allen außer ihnen
    .rule-name = regel
    .add = Ein Kanal oder eine Kategorie für die Liste
    .add-name = dazu
    .remove = Ein Kanal oder eine Kategorie, die von der Liste soll
    .remove-name = weg
command-server-access-roles = Welche Rollen zeichnen oder fremde Buttons benutzen dürfen
    .name = roles
    .what = Was die Rollen dürfen
    .what-name = was
    .add = Eine Rolle, die darf
    .add-name = dazu
    .remove = Eine Rolle, die nicht mehr darf
    .remove-name = weg
command-server-access-limits = Grenzen einer Rolle; von den Rollen eines Mitglieds zählt die großzügigste
    .name = limits
    .role = Die Rolle; @everyone gilt für alle
    .role-name = rolle
    .quality = Höchstes --q, oder any oder default
    .quality-name = qualität
    .steps = Meiste Schritte, oder any oder default
    .steps-name = schritte
    .size = Größte Fläche eines Bildes, etwa 1024x1024, oder any oder default
    .size-name = größe
    .pictures = Meiste Bilder auf einmal (--n), oder any oder default
    .pictures-name = bilder
    .repeat = Höchstes --repeat; 1 für keines, oder any oder default
    .repeat-name = wiederholen
    .permutations = Meiste Aufträge eines Prompts, oder any oder default
    .permutations-name = permutationen
    .turbo = Turbomodus
    .turbo-name = turbo
    .stealth = Stealth
    .stealth-name = stealth
    .uploads = Eigene Bilder als Start
    .uploads-name = uploads
    .links = Links zu Bildern als Start
    .links-name = links
    .models = Namen für --v mit Kommas, oder any oder default
    .models-name = modelle
    .loras = Namen von LoRAs mit Kommas, oder any oder default
    .loras-name = loras
    .without = Parameter, die niemand benutzen darf, mit Kommas, oder default
    .without-name = ohne
command-server-block = Ein Mitglied auf diesem Server für den Bot sperren; seine Aufträge hier enden
    .name = block
    .member = Wen
    .member-name = mitglied
    .duration = Wie lange, etwa 30m, 12h, 7d oder 2w; ohne Angabe ohne Ende
    .duration-name = für
    .reason = Warum; das Mitglied erfährt es
    .reason-name = grund
command-server-unblock = Ein gesperrtes Mitglied den Bot wieder benutzen lassen
    .name = unblock
    .member = Wen
    .member-name = mitglied
command-server-blocked = Zeigen, wer auf diesem Server gesperrt ist
    .name = blocked
choice-roles = wer den Auftrag gestartet hat, und bestimmte Rollen
choice-everywhere = in allen Kanälen
choice-only = nur in den aufgeführten Kanälen
choice-except = in allen Kanälen außer den aufgeführten
choice-draw = zeichnen (ist keine aufgeführt, dürfen es alle)
choice-buttons = die Buttons fremder Aufträge benutzen
choice-yes = erlaubt
choice-no = nicht erlaubt
choice-default = sagt nichts
access = Zugang
    .saved = Zugang gespeichert
    .text = Ändere ihn mit `/server access channels`, `roles` und `limits`.
    .channels = Kanäle
    .channels-everywhere = alle Kanäle
    .channels-only = nur { $channels }
    .channels-except = alle außer { $channels }
    .no-channels = noch keine: führe mit `/server access channels` welche auf
    .draw = Wer zeichnen darf
    .everyone = alle
    .buttons = Rollen, die fremde Buttons benutzen dürfen
    .nobody = keine; `/server settings buttons_for` sagt, ob Rollen entscheiden
    .limits = Grenzen
    .limits-text = Von dem, was die Rollen eines Mitglieds und @everyone sagen, zählt das Großzügigste.
    .no-limits = keine
    .any = beliebig
    .quality = `--q` bis { $most }
    .steps = Schritte bis { $most }
    .pixels = Pixel bis { $most }
    .pictures = `--n` bis { $most }
    .repeat = `--repeat` bis { $most }
    .jobs = Aufträge eines Prompts bis { $most }
    .turbo = { $allowed ->
        [yes] Turbo
       *[no] kein Turbo
    }
    .stealth = { $allowed ->
        [yes] Stealth
       *[no] kein Stealth
    }
    .uploads = { $allowed ->
        [yes] eigene Bilder
       *[no] keine eigenen Bilder
    }
    .links = { $allowed ->
        [yes] Links
       *[no] keine Links
    }
    .models = Modelle: { $names }
    .loras = LoRAs: { $names }
    .without = ohne { $names }
blocking = Mitglied gesperrt
    .text = { $member } kann den Bot auf diesem Server nicht mehr benutzen{ $until ->
        [none] . Die Moderation kann das mit `/server unblock` beenden.
       *[other] {" "}bis { $until }.
    } { $jobs ->
        [0] Kein Auftrag wartete oder lief hier.
        [one] Ein Auftrag wurde abgebrochen.
       *[other] { $jobs } Aufträge wurden abgebrochen.
    } Andere können die Buttons unter den Bildern weiter benutzen.
blocked-list = Gesperrte Mitglieder
    .none = Auf diesem Server ist niemand gesperrt.
    .line = { $member } von { $by }, { $until ->
        [none] ohne Ende
       *[other] bis { $until }
    }
    .more = … und { $count } weitere.
choice-faithful = dem Prompt treu
choice-stylised = stilisiert
choice-everyone = alle
choice-owner = wer den Auftrag gestartet hat
choice-recipe = das Rezept: Prompt, Seed und Einstellungen
choice-filter-off = off: Bilder werden nicht geprüft
choice-filter-spoiler = spoiler: hinter einem Spoiler gezeigt
choice-filter-review = review: gezeigt, wenn die Moderation zustimmt
choice-filter-refuse = refuse: nicht gezeigt
choice-filter-inherit = inherit: was darüber gilt
choice-mark = nichts: nur die Kennzeichnung
choice-notify = durch eine neue Nachricht, die sie erwähnt
choice-quiet = gar nicht: die Nachricht ändert sich still

## Die eigenen Daten eines Mitglieds

command-privacy = Was über dich gespeichert ist
    .name = privacy
command-privacy-export = Dir alles schicken lassen, was über dich gespeichert ist
    .name = export
command-privacy-delete = Alles löschen, was über dich gespeichert ist
    .name = delete
exported = Deine Daten
    .file = Deine Daten, Datei { $number }
    .direct = Ich habe dir eine Direktnachricht mit { $files ->
        [one] einer Datei
       *[other] { $files } Dateien
    } geschickt, zusammen mit { $pictures ->
        [one] einem Bild
       *[other] { $pictures } Bildern
    }.
    .here = Du nimmst von mir keine Direktnachrichten an, deshalb { $files ->
        [one] ist hier eine Datei
       *[other] sind hier { $files } Dateien
    }, zusammen mit { $pictures ->
        [one] einem Bild
       *[other] { $pictures } Bildern
    }. Nur du siehst sie.
    .contents = Darin sind deine Einstellungen und Optionen, deine Aufträge mit Prompts und Anfragen, deine Favoriten, die Bilder und die Bilder, von denen du ausgegangen bist.
    .left-out = { $count ->
        [one] Ein Bild fehlt
       *[other] { $count } Bilder fehlen
    }: Der Ordner „left out“ sagt welche und warum.
erase-question = Alles über dich löschen?
    .goes = Das verschwindet für immer, innerhalb einer Minute: { $jobs ->
        [one] ein Auftrag
       *[other] { $jobs } Aufträge
    } mit Prompts und Anfragen, die Dateien von { $pictures ->
        [one] einem Bild
       *[other] { $pictures } Bildern
    }, die Bilder, von denen du ausgegangen bist, { $options } eigene Optionen, { $favourites } Favoriten, { $drafts } unbestätigte Prompts, deine Einstellungen und dein Name. Aufträge, die warten oder laufen, werden abgebrochen.
    .messages = Ich lösche auch meine Nachrichten mit deinen Bildern hier auf Discord, eine nach der anderen. Was du oder andere gespeichert oder gepostet haben, bleibt, und auch meine Direktnachrichten an dich.
    .stays = Was andere aus deinen Bildern gemacht haben, gehört ihnen und bleibt, mit dem Prompt, aus dem es gezeichnet ist. Sperren und verbrauchte Kontingente bleiben auch. `/privacy export` schickt dir vorher deine Daten.
    .yes = Ja, alles löschen
    .no = Nein, behalten
    .kept = Es wurde nichts gelöscht
erased = Alles über dich ist gelöscht
    .text = { $jobs ->
        [one] Ein Auftrag
       *[other] { $jobs } Aufträge
    } und { $pictures ->
        [one] ein Bild
       *[other] { $pictures } Bilder
    } sind weg, mit deinen Einstellungen, Optionen und Favoriten. Meine Nachrichten auf Discord folgen jetzt.

## Was der Bot über KI sagt

by-ai = Alle Bilder hier sind von einer KI gemacht. Das steht auch in ihren Dateien, so dass Programme es lesen können.
leaving = Ich bin nur für andere Server da und verlasse diesen deshalb. Wo ich arbeite, entscheidet, wer mich betreibt: Frag bitte dort, und lade mich wieder ein, wenn dieser Server auf der Liste steht.
greeting = Hallo! Ich zeichne Bilder aus Worten: Tipp `/imagine` und beschreib eines. `/help` zeigt den Rest, und `/server setup` ist für Admins.

## Verlauf, Warteschlange und Hilfe

info = Deine Aufträge
    .mode = Modus
    .visibility = Sichtbarkeit
    .running = Laufende Aufträge
    .queued = Wartende Aufträge
    .at-a-time = Aufträge belegt
    .at-a-time-value = { $confirmed ->
        [0] { $open } von { $limit }
       *[other] { $open } von { $limit }; bis zu { $confirmed }, wenn du mehrere zugleich bestätigst
    }
    .lifetime = Insgesamt
    .lifetime-value = { $pictures } Bilder in { $done } Aufträgen; { $cancelled } abgebrochen, { $failed } fehlgeschlagen
    .none = keine
    .more = und { $count } weitere
queue = Warteschlange
    .running = Läuft
    .waiting = Als Nächstes
    .own = Deine Aufträge
    .yours = du
    .elsewhere = ein Auftrag, der hier nicht gezeigt wird
    .none = nichts
    .no-own = bei dir wartet nichts
    .place = Platz { $place }
    .place-and-time = Platz { $place }, beginnt in etwa { $time }
engines = Bild-Engines
    .name = Engine { $number }
    .here = { $name }: { $running } von { $most } Aufträgen
    .away = { $name }: nicht erreichbar, ihre Aufträge warten
duration = Dauer
    .seconds = { $count } s
    .minutes = { $count } min
    .hours = { $count } h
details = Seed und Parameter
    .line = { $picture ->
        [0] Füge diese Zeile in `/imagine` ein. Sie ergibt die gleichen Bilder, welche Einstellungen du auch hast.
       *[other] Füge diese Zeile in `/imagine` ein. Sie ergibt das Raster dieses Bildes, welche Einstellungen du auch hast. Dies ist Bild { $picture }.
    }
    .enlarged = Vergrößere es dann.
    .starts = Gehe vom gleichen Bild aus: Lass die Links stehen, oder hänge es wieder als `bild` an.
    .in-file = Die Zeile ist zu lang für hier. `/seed id:{ $id }` schickt sie als Datei.
    .no-line = { $reason ->
        [derived] Kein Prompt allein ergibt das: Es wurde aus einem anderen Bild gezeichnet. `/show` zeigt, aus welchem. Der Prompt sagt, was gezeichnet wurde, die Datei von `/seed` enthält die ganze Anfrage.
       *[changed] Kein Prompt ergibt genau das noch einmal: Das Modell hat sich geändert, oder der Auftrag ist älter als diese Funktion. Die Datei von `/seed` enthält die ganze Anfrage.
    }
    .prompt = Prompt
    .job = Auftrags-ID
    .seed = Seed
    .pictures = Seeds der Bilder
    .size = Größe
    .steps = Schritte
    .guidance = Guidance
    .sampler = Sampler
    .model = Modell
    .drawn = Text für das Modell
job-ancestors = Verlauf dieses Auftrags
history = Deine Bilder
    .nothing-yet = Du hast noch keine fertigen Bilder. Mach mit `/imagine` welche.
    .nothing-found = Keiner deiner Prompts enthält „{ $query }“.
    .nothing-of-kind = Davon hast du noch keine fertigen Bilder.
    .nothing-of-kind-found = Kein Prompt dieser Art enthält „{ $query }“.
    .where = Nachricht
    .expired = Nicht mehr aufbewahrt: Seine Buttons zeichnen es neu.
    .searched = Durchsucht: { $first } bis { $last } deiner Aufträge, vom neuesten an gezählt. ⏪ und ⏩ durchsuchen andere.
    .page = Seite { $number } von { $pages } · { $total ->
        [1] 1 Auftrag
       *[other] { $total } Aufträge
    }
    .again = Eines davon noch einmal posten
history-kind = Was ein Auftrag ist
    .imagine = Raster
    .reroll = Neu gezeichnet
    .vary = Variationen
    .region = Variieren (Region)
    .upscale = Einzelbild
    .enlarge = Hochskaliert
    .zoom = Herausgezoomt
    .pan = Erweitert
    .square = Quadratisch gemacht
choice-all = Alle Arten
choice-favourites = Favoriten
choice-grids = Raster
choice-variations = Variationen
choice-upscales = Einzelbilder und Hochskaliertes
choice-extensions = Herausgezoomtes und Erweitertes
models = Modelle
    .text = Kopiere ein Beispiel hinter `/imagine prompt:`, oder wähle dein Modell in `/settings`.
    .page = Seite { $number } von { $pages } · { $total ->
        [1] 1 Modell
       *[other] { $total } Modelle
    }
    .none = Kein Modell hier hat „{ $query }“ im Namen. `/models` ohne Suche zeigt alle.
    .family = Familie: { $name }
    .maker = Von { $name }
    .licence = Lizenz: { $name }
    .size = { $size } px, jedes Format
    .sizes = { $size } und andere Größen, zusammen { $count }
    .can = Kann: { $abilities }
    .engines = Server: { $names }
    .away = { $name } (nicht erreichbar)
    .try = Beispiel: { $line }
models-can =
    .edit = von Bildern ausgehen
    .inpaint = einen Teil neu zeichnen
    .outpaint = herauszoomen und erweitern
    .negative = Dinge weglassen
    .guidance = dem Prompt enger oder freier folgen
    .seed = einen Seed wiederholen
    .lora = LoRAs
    .style = Stile
    .tile = nahtlose Kacheln
    .upscale = hochskalieren
    .describe = /describe
help = Hilfe
    .start = Erste Schritte
    .commands = Befehle
    .parameters = Parameter
    .models = Modelle
    .commands-text = Tipp `/`, um alle Befehle zu sehen. Ein Rechtsklick auf eine Nachricht von mir zeigt mehr. Reagiere mit ✉️, um sie als Direktnachricht zu bekommen, mit ❌, um abzubrechen oder zu löschen, mit ⭐ für die Highlights.
    .parameters-text = Parameter stehen am Ende eines Prompts: `a red fox --ar 3:2 --s 250`. Mehr zu einem zeigt `/help` mit seinem Namen.
    .models-text = Mit `--v` und einem Namen wählst du ein Modell.
    .default = Standard
    .model-value = { $size } px, { $steps }. Bild-Prompts und Bearbeiten: { $edits }. Herauszoomen und Erweitern: { $outpaints }. Nahtlose Kacheln: { $tiles }. /describe: { $describes }. Hochskalieren: { $upscales }. Stile: { $styles }. LoRAs: { $loras }.
    .steps = { $steps } Schritte
    .own-steps = eigene Schrittzahl
    .refused = Dieses Modell geht nicht mit { $flags }.
    .without-effect = Ohne Wirkung bei diesem Modell: { $flags }.
    .skipped-lora = Die LoRA-Datei { $file } ist nicht benutzbar. { $reason }
    .factor = { $factor }×
    .takes = Werte
    .usual = Standard
    .no-models = Das Bildmodell wird noch geladen.
    .messages = An einer Nachricht: { $names }
    .server = **Für alle, die diesen Server verwalten:** { $commands }
    .unknown = Den Parameter `--{ $flag }` gibt es nicht.
help-start = Tipp { $imagine } und sag, was gezeichnet werden soll, etwa `a red fox`. Du bekommst ein Raster aus vier Bildern.
    .grid = Unter dem Raster
    .grid-value =
        `U1`–`U4`: ein Bild für sich, zum Hochskalieren, Ändern, Herauszoomen oder Erweitern
        `V1`–`V4`: vier Variationen eines Bildes
        🔄: derselbe Prompt noch einmal, mit neuen Bildern
        Die Bilder 1 und 2 sind oben, 3 und 4 darunter.
    .demo = Was das Demo-Modell gut zeichnet
    .demo-value =
        Es zeichnet Emojis und Sticker: { $examples }
        Setz ein echtes Modell dahinter: `DARKROOM_MODEL=models/sd_xl_base_1.0.safetensors make run`
    .parameters = Parameter
    .parameters-value = Sie stehen am Ende eines Prompts: `a red fox --ar 3:2 --s 250`
    .next = Und dann
    .next-value =
        { $settings }: deine Standards, und wer deine Bilder sieht
        { $history }: deine Bilder · { $queue }: wann deine gezeichnet werden
        { $describe }: Prompts für ein Bild von dir
        { $help } mit einem Parameter erklärt ihn.
command-info = Dein Modus, deine laufenden und wartenden Aufträge und deine Gesamtzahlen
    .name = info
command-queue = Laufende und wartende Aufträge, dein Platz und die geschätzte Wartezeit
    .name = queue
command-models = Die Modelle hier: was jedes kann, mit Beispiel
    .name = models
    .search = Ein Teil vom Namen eines Modells
    .search-name = suche
command-help = Erste Schritte, Befehle, Parameter und Modelle
    .name = help
    .parameter = Ein Parameter, der erklärt werden soll, etwa stylize
    .parameter-name = parameter
command-history = Deine fertigen Bilder, Favoriten zuerst
    .name = history
    .search = Wörter aus den Prompts
    .search-name = suche
    .kind = Nur diese
    .kind-name = art
command-show = Einen deiner Aufträge noch einmal posten, mit seinem Verlauf
    .name = show
    .id = Eine Auftrags-ID, ein Dateiname oder der Link zu seiner Nachricht
    .id-name = id
command-seed = Seed und alle Parameter eines deiner Aufträge zeigen
    .name = seed
    .id = Eine Auftrags-ID, ein Dateiname oder der Link zur Nachricht; leer: dein letzter Auftrag
    .id-name = id
command-imagine = Bilder von dem zeichnen, was du beschreibst
    .name = imagine
    .prompt = Was gezeichnet werden soll, dann Parameter wie --ar 3:2 --seed 7
    .prompt-name = prompt
    .image = Ein Bild als Ausgangspunkt
    .image-name = bild

## Das Menü einer Nachricht und Reaktionen

done = Erledigt
    .cancelled = Der Auftrag wird abgebrochen.
    .sent = Gesendet. Sieh in deine Direktnachrichten.
    .deleted = Nachricht gelöscht. `/show { $id }` postet sie noch einmal.
    .taken-down = Nachricht gelöscht. Auftrag { $id } wird hier nicht noch einmal gepostet.
    .unblocked = { $member } kann den Bot auf diesem Server wieder benutzen.
menu-cancel-job = Auftrag abbrechen
    .name = Auftrag abbrechen
menu-send-to-me = An mich schicken
    .name = An mich schicken
menu-seed-and-parameters = Seed und Parameter
    .name = Seed und Parameter
menu-delete = Löschen
    .name = Löschen

## `/describe` und `/shorten`

describe = Vorgeschlagene Prompts
    .text = Drück eine Zahl, um ihren Prompt zu zeichnen. 🔄 versucht es mit einem engeren Ausschnitt.
    .all = Alle zeichnen
shorten = Gewicht der Wörter
    .text = Fette Wörter zählen am meisten, durchgestrichene kaum. Drück eine Zahl, um ihren Prompt zu zeichnen.
inference-away = Das Bildmodell ist offline
    .problem = Das Bildmodell antwortet nicht.
    .remedy = Versuch es in einer Minute noch einmal.
command-describe = Vier Prompts zu einem Bild vorschlagen
    .name = describe
    .image = Das Bild als Datei
    .image-name = bild
    .link = Das Bild als Link
    .link-name = link
command-shorten = Zeigen, welche Wörter eines Prompts wichtig sind, und kürzere Prompts vorschlagen
    .name = shorten
    .prompt = Der Prompt, der kürzer werden soll
    .prompt-name = prompt

command-server-review = Wo die Moderation Bilder und Prompts ansieht
    .name = review
    .channel = Der Kanal für Entscheidungen; nur die Moderation sollte ihn sehen
    .channel-name = kanal
    .log = Ein Kanal, der auch das Protokoll zeigt
    .log-name = protokoll
    .off = Nimmt einen Kanal weg
    .off-name = aus
command-server-log = Was Regeln ablehnten und die Moderation entschied
    .name = log
    .member = Nur über dieses Mitglied
    .member-name = mitglied
    .kind = Nur diese Art
    .kind-name = art
choice-off-review = den Kanal für Entscheidungen
choice-off-log = den Kanal für das Protokoll
choice-log-words = Regeln für Wörter
choice-log-filter = anstößige Bilder
choice-log-review = Entscheidungen
choice-log-report = Meldungen
choice-log-appeal = Einsprüche
choice-log-delete = Löschungen
menu-report-picture = Bild melden
    .name = Bild melden
